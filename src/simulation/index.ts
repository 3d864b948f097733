export { madeVersions } from './made-versions.ts';
export { makePolicy, POLICY_NAMES, type PolicyName } from './policies/index.ts';
export { plotResults } from './report.ts';
export { simulate, type SimulationResult } from './simulate.ts';
export type * from './trace.ts';
