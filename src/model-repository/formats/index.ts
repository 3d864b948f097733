export { EXAMPLES_FILE } from './examples.ts';
export { inspectArtefact, type InspectOptions } from './inspect.ts';
