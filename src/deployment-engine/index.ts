export { createDeploymentEngine, type EngineDependencies, type PlatformEngine } from './engine.ts';
export { CONTROL_METRICS } from './engine-metrics.ts';
export { runDirectory } from './targets/index.ts';
export type * from './types.ts';
