export { type ModelConfig, parseModelConfig } from './config-pbtxt.ts';
export { type ImportedTritonModel, type ImportedVersion, type ImportOptions, type ImportProgress, importTritonDirectory, type TritonImport } from './import-triton.ts';
export { byNumberThenName, readTritonDirectory, type TritonModel, type TritonVersion } from './triton-directory.ts';
