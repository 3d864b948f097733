export { readClassLabels } from './class-labels.ts';
export { describeTensor } from './diff.ts';
export { EXAMPLES_FILE } from './formats/index.ts';
export * from './import/index.ts';
export { createModelRepository, type ModelRepositoryOptions } from './repository.ts';
export type * from './types.ts';
