export { ArrivalStream, poisson } from './arrivals.ts';
export { madeVersions } from './made-versions.ts';
export { makePolicy, POLICY_NAMES, type PolicyName } from './policies/index.ts';
export { plotResults } from './report.ts';
export { simulate, type SeriesPoint, type SimulationOptions, type SimulationResult } from './simulate.ts';
export type * from './trace.ts';
export { erlangC, waitTail } from './waiting.ts';
