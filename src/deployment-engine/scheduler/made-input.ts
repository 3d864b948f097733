import { seededRandom } from '../../core/index.ts';
import { DEFAULT_PRICES, type SchedulerInput, type SchedulerNode, type SchedulerVersion } from './input.ts';

export interface MadeSize {
  readonly versions: number;
  readonly nodes: number;
  /** CPU that all demand would take, by the CPU that there is. */
  readonly load: number;
  /** Memory of one replica of each, by the memory that there is. */
  readonly memory?: number;
  readonly seed: number;
}

/** What each node of a made-up cluster has. */
export const MADE_NODE = { cpus: 16, memoryBytes: 64 * 2 ** 30 } as const;

/** A made-up cluster: models from 0.2 ms to 100 ms and 50 MB to 4 GB a request and replica, popularity by Zipf's law. For tests and benchmarks. */
export function madeInput({ versions: count, nodes: nodeCount, load, memory = 0.6, seed }: MadeSize): SchedulerInput {
  const random = seededRandom(seed);
  const nodes = Array.from({ length: nodeCount }, (_, index): SchedulerNode => ({ name: `node-${index + 1}`, ...MADE_NODE, storageBytes: Number.POSITIVE_INFINITY, networkBytesPerSecond: Number.POSITIVE_INFINITY, gpus: 0, labels: {} }));
  const between = (low: number, high: number): number => low * (high / low) ** random();
  const drafts = Array.from({ length: count }, (_, index) => ({ seconds: between(2e-4, 0.1), memory: between(50e6, 4e9), weight: 1 / (index + 1) ** 0.6, priority: 1 + Math.floor(random() * 3), quality: 0.5 + random() / 2 }));
  const cpuScale = (load * nodeCount * MADE_NODE.cpus) / drafts.reduce((sum, { weight }) => sum + weight, 0);
  const memoryScale = (memory * nodeCount * MADE_NODE.memoryBytes) / drafts.reduce((sum, draft) => sum + draft.memory, 0);
  const versions = drafts.map((draft, index): SchedulerVersion => ({
    id: `service-${index + 1}:v1`,
    priority: draft.priority,
    quality: draft.quality,
    demand: (draft.weight * cpuScale) / draft.seconds,
    profile: { cpuSecondsPerRequest: draft.seconds, serviceVariation: 0.3, memoryBytes: Math.min(32 * 2 ** 30, Math.round(draft.memory * memoryScale)), storageBytes: 0, networkBytesPerRequest: 0, loadSeconds: 1 + random() * 9, gpus: 0 },
    replicas: { min: 0, max: 1000 },
    threads: 1,
    cpusMin: 0,
    servedMin: 0,
    latency: random() < 0.5 ? { seconds: draft.seconds * 10, quantile: 0.99 } : null,
    placement: {},
    apartFrom: [],
    current: {},
  }));
  return { nodes, versions, services: [], prices: DEFAULT_PRICES, utilisationMax: 0.95 };
}
