export { hostClass, hostFacts } from './host-class.ts';
export { type ObservedRates, observedRates } from './observed-rates.ts';
export type { ServingWindow } from './observe.ts';
export { Profiles } from './profiles.ts';
export type * from './record.ts';
export { type EstimatedProfile, type ProfileBasis, schedulerProfile } from './scheduler-profile.ts';
export { type SampledReplica, UsageSampler } from './usage-sampler.ts';
