export { PlatformGroups, startedWithin } from './local/cgroups/index.ts';
export { tailLog, trimLog } from './local/log-file.ts';
export { LocalTarget, type LocalTargetOptions } from './local/local-target.ts';
export { isAlive, readProcess, residentBytes, signalProcess } from '../process-table.ts';
export { runDirectory } from './local/run-directory.ts';
export { type SweepReport, sweepOrphans } from './local/sweep-orphans.ts';
export { CPU_WEIGHT_MAX, type Enforcer, type LimitReport, type LimitState, UNLIMITED, unenforced, type WorkerLimits } from './limits.ts';
export type { Target, WorkerExit, WorkerHandle, WorkerRecord, WorkerSpec, WorkerUsage } from './target.ts';
