export { elementFault } from './elements.ts';
export { LeptonApiError, type LeptonApiErrorFacts, SERVER_UNREACHABLE } from './errors.ts';
export { InferenceClient, type InferenceClientOptions, type InferenceInput, type InferenceOptions, type InferenceResult, type ModelMetadata, type Timings } from './inference.ts';
export { type EventQuery, LeptonClient, type LeptonClientOptions } from './management.ts';
export { type Outcome, outcomeOf } from './outcome.ts';
export type { PushOptions, PushProgress, PushResult } from './push.ts';
export { shownElement } from './tensors.ts';
export type { Datatype, TensorData, TensorInput, TensorOutput } from './tensors.ts';
export type * from './types.ts';
