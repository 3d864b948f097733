import type { Solver } from '../../deployment-engine/scheduler/index.ts';
import type { Trace } from '../trace.ts';
import { EqualPolicy } from './equal-policy.ts';
import type { Policy } from './policy.ts';
import { SolvingPolicy } from './solving-policy.ts';
import { ThresholdPolicy } from './threshold-policy.ts';

export const POLICY_NAMES = ['lp', 'greedy', 'equal', 'threshold'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

export function makePolicy(name: PolicyName, trace: Trace, solver: Solver): Policy {
  switch (name) {
    case 'lp':
      return new SolvingPolicy(trace, solver);
    case 'greedy':
      return new SolvingPolicy(trace, null);
    case 'equal':
      return new EqualPolicy(trace);
    case 'threshold':
      return new ThresholdPolicy(trace);
  }
}
