export { type ColdStarts, ResidencyKeeper, waiting } from './residency-keeper.ts';
export type { Residency } from './residency.ts';
