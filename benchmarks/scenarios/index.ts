import { memory } from './memory.ts';
import { neighbours } from './neighbours.ts';
import type { Scenario } from './scenario.ts';
import { isolation } from './isolation.ts';
import { peers } from './peers.ts';
import { python } from './python.ts';
import { raw } from './raw.ts';
import { registry } from './registry.ts';
import { residency } from './residency.ts';
import { scheduler } from './scheduler.ts';
import { scheduling } from './scheduling.ts';
import { swap } from './swap.ts';
import { toy } from './toy.ts';
import { versions } from './versions.ts';

/** In the order in which they run and are reported. */
export const SCENARIOS: readonly Scenario[] = [toy, raw, versions, swap, residency, memory, registry, isolation, neighbours, python, scheduler, scheduling, peers];
