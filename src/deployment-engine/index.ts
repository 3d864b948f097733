export { CONTROL_METRICS } from './engine-metrics.ts';
export { createDeploymentEngine, type EngineDependencies, type PlatformEngine } from './engine.ts';
export { type ImportedModelFacts, serveImported } from './serve-imported.ts';
export { Environments, runtimesWith } from './runtimes/index.ts';
export { LocalTarget, PlatformGroups, runDirectory, trimLog } from './targets/index.ts';
export type * from './types.ts';
