export { ArtefactTrees } from './filesystem/artefact-trees.ts';
export { type BlobFacts, BlobStore, hashFile } from './filesystem/blob-store.ts';
