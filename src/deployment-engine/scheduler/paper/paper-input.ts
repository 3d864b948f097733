import { DEFAULT_PRICES, type SchedulerInput } from '../input.ts';
import type { PaperCase } from './paper-case.ts';

const GIB = 2 ** 30;

/**
 * The case as the platform's own program sees it: one node with the totals; a replica of a model needs its memory and storage
 * whole, and one request per second takes all of its cores; T is its quality and P its priority.
 */
export function paperInput({ models, totals }: PaperCase): SchedulerInput {
  return {
    nodes: [{ name: 'node', cpus: totals.cpu, memoryBytes: totals.memory * GIB, storageBytes: totals.storage * GIB, networkBytesPerSecond: Number.POSITIVE_INFINITY, gpus: 0, labels: {} }],
    versions: models.map(({ name, cpu, memory, storage, threshold, weight, demand }) => ({
      id: name,
      priority: weight,
      quality: threshold,
      demand,
      profile: { cpuSecondsPerRequest: cpu, serviceVariation: 0, memoryBytes: memory * GIB, storageBytes: storage * GIB, networkBytesPerRequest: 0, loadSeconds: 0, gpus: 0 },
      replicas: { min: 0, max: Math.max(1, Math.ceil(demand)) },
      threads: cpu,
      cpusMin: 0,
      servedMin: 0,
      latency: null,
      placement: {},
      apartFrom: [],
      current: {},
    })),
    services: [],
    prices: DEFAULT_PRICES,
    utilisationMax: 1,
  };
}
