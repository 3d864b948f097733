export { workerMemoryDefault } from './host-memory.ts';
export { type LoadTurn, LoadTurns } from './load-turns.ts';
export { MemoryBudget } from './memory-budget.ts';
export { type ColdStarts, ResidencyKeeper, waiting } from './residency-keeper.ts';
export type { Residency } from './residency.ts';
