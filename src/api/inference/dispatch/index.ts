export { type CallContext, DataPlane, type DataPlaneOptions, type InferenceCall } from './data-plane.ts';
export { Histogram, VersionStatistics } from './statistics.ts';
export { VersionLane } from './version-lane.ts';
