/** The inference API: Open Inference Protocol v2 → traffic policy → queue and batching → replicas. */
export { type CallContext, DataPlane, type DataPlaneOptions, type Histogram, type InferenceCall, type VersionLane, type VersionStatistics } from './dispatch/index.ts';
export { createGrpcServer, type GrpcServer } from './grpc/index.ts';
export type { CallRecord, FrontDependencies, FrontLimits } from './front.ts';
export type { FeedbackControl } from './feedback.ts';
export type { LogControl } from './log-settings.ts';
export type { ModelChange, ModelControl } from './model-control.ts';
export { type OtherHandler, type PassingDoor, type PlainHead, RestServer, type RestReply, type RestRequest, sendError } from './rest/index.ts';
