export { Group } from './group.ts';
export { EXIT_NOT_JOINED, type ProcessCommand, startedWithin } from './join.ts';
export type { GroupCounters } from './knobs.ts';
export { PlatformGroups, type PlatformGroupsOptions } from './platform-groups.ts';
