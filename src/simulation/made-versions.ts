import { seededRandom } from '../core/index.ts';
import { MADE_NODE, madeInput } from '../deployment-engine/scheduler/index.ts';
import type { SchedulerNode } from '../deployment-engine/scheduler/index.ts';
import type { ArrivalPattern, SimulatedVersion } from './trace.ts';

export interface MadeVersions {
  readonly count: number;
  /** CPU that all demand takes on average, by the CPU that there is. */
  readonly load: number;
  /** Memory of one replica of each, by the memory that there is. */
  readonly memory: number;
  readonly pattern: 'poisson' | 'bursts' | 'day' | 'mixed';
  readonly seed: number;
}

/** Made-up versions for a cluster: models of all sizes, popularity by Zipf's law, one kind of arrivals or all of them by turns. */
export function madeVersions({ count, load, memory, pattern, seed }: MadeVersions, nodes: readonly SchedulerNode[]): readonly SimulatedVersion[] {
  const cpus = nodes.reduce((sum, node) => sum + node.cpus, 0);
  const bytes = nodes.reduce((sum, node) => sum + node.memoryBytes, 0);
  const made = madeInput({ versions: count, nodes: nodes.length, load: (load * cpus) / (nodes.length * MADE_NODE.cpus), memory: (memory * bytes) / (nodes.length * MADE_NODE.memoryBytes), seed });
  const random = seededRandom(seed + 1);
  const kinds = pattern === 'mixed' ? (['day', 'bursts', 'poisson'] as const) : [pattern];
  return made.versions.map(({ demand, current: _, ...version }, index): SimulatedVersion => ({ ...version, latency: { seconds: version.profile.cpuSecondsPerRequest * 10 + 0.02, quantile: 0.99 }, arrivals: patternOf(kinds[index % kinds.length] ?? 'poisson', demand, random) }));
}

function patternOf(kind: 'poisson' | 'bursts' | 'day', rate: number, random: () => number): ArrivalPattern {
  if (kind === 'poisson') return { kind, rate };
  if (kind === 'day') return { kind, rate, swing: 0.5 + random() * 0.4, peakHour: 10 + random() * 8 };
  // Four times as much for a sixth of the time: the same on average.
  return { kind, rate: rate / 1.5, burstRate: (rate / 1.5) * 4, everySeconds: 3000, lengthSeconds: 600 };
}
