import { memory } from './memory.ts';
import type { Scenario } from './scenario.ts';
import { toy } from './toy.ts';

/** In the order in which they run and are reported. */
export const SCENARIOS: readonly Scenario[] = [toy, memory];
