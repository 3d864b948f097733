import { createReadStream } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { type ArtefactFile, LeptonError } from '../core/index.ts';
import { checkArtefactPath, FILES_MAX } from './artefact.ts';
import { hashFile } from './storage/index.ts';
import type { ModelRepository, PublishInput, PublishResult } from './types.ts';

/** A file on disk under the path that it gets in the artefact. */
export interface LocalFile {
  readonly path: string;
  readonly source: string;
}

/**
 * The files of a local artefact: a directory with all below it, or a single file, which becomes `model.onnx` if it is an
 * ONNX file. Symbolic links are followed only to inside the directory (`within`, default the directory itself).
 */
export async function listLocalFiles(path: string, within?: string): Promise<LocalFile[]> {
  const facts = await stat(path).catch((cause: unknown) => {
    throw new LeptonError('INVALID_ARGUMENT', `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  const root = await realpath(within ?? (facts.isDirectory() ? path : join(path, '..')));
  if (facts.isFile()) {
    await refuseOutside(path, root);
    const name = basename(path);
    return [{ path: name.toLowerCase().endsWith('.onnx') ? 'model.onnx' : name, source: path }];
  }
  const files: LocalFile[] = [];
  await collect(path, path, root, files);
  return files;
}

async function collect(top: string, directory: string, root: string, files: LocalFile[]): Promise<void> {
  for (const name of (await readdir(directory)).sort()) {
    const source = join(directory, name);
    if ((await lstat(source)).isSymbolicLink()) await refuseOutside(source, root);
    const facts = await stat(source);
    if (facts.isDirectory()) {
      if ((await lstat(source)).isSymbolicLink()) throw new LeptonError('INVALID_ARGUMENT', `${source} is a symbolic link to a directory; artefacts hold links to files only`);
      await collect(top, source, root, files);
    } else if (facts.isFile()) {
      files.push({ path: checkArtefactPath(relative(top, source).split(sep).join('/')), source });
      if (files.length > FILES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${top} has more than ${FILES_MAX} files`);
    } else throw new LeptonError('INVALID_ARGUMENT', `${source} is neither a file nor a directory`);
  }
}

/** Throws unless the path, with its links followed, is inside `root`. */
export async function refuseOutside(path: string, root: string): Promise<void> {
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) throw new LeptonError('INVALID_ARGUMENT', `${path} is a symbolic link to nothing`);
  if (real !== root && !real.startsWith(root + sep)) throw new LeptonError('INVALID_ARGUMENT', `${path} leads outside ${root}, to ${real}; that is refused`);
}

/** Stores the files that are not stored yet; a file that changes meanwhile is DIGEST_MISMATCH, never half of each. */
async function storeLocalFiles(store: Pick<ModelRepository, 'missingBlobs' | 'putBlob'>, files: readonly LocalFile[]): Promise<ArtefactFile[]> {
  const stored: ArtefactFile[] = [];
  for (const { path, source } of files) {
    const { size } = await stat(source);
    const digest = await hashFile(source);
    const [missing] = await store.missingBlobs([digest]);
    if (missing) await store.putBlob(digest, createReadStream(source));
    stored.push({ path, digest, size });
  }
  return stored;
}

/** Stores local files and publishes them; stores them again, once, if a refused push of the same content took one away meanwhile. */
export async function publishLocalFiles(store: Pick<ModelRepository, 'missingBlobs' | 'putBlob' | 'publish'>, files: readonly LocalFile[], input: Omit<PublishInput, 'files'>): Promise<PublishResult> {
  const attempt = async (): Promise<PublishResult> => store.publish({ ...input, files: await storeLocalFiles(store, files) });
  return attempt().catch((error: unknown) => {
    if (error instanceof LeptonError && error.code === 'BLOB_MISSING') return attempt();
    throw error;
  });
}
