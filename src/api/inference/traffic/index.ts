export type { Random } from './deck.ts';
export { compileTrafficPolicy, type TrafficPolicy, type VersionChoice } from './traffic-policy.ts';
