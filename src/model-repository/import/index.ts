export * from './import-directory.ts';
export { checkTritonRoot, compareVersions, type ImportProblem, readTritonDirectory, type TritonDirectory, type TritonModel, type TritonVersion } from './triton-directory.ts';
