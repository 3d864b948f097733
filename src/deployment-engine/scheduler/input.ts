/** What the scheduler decides from. Everything is data: nodes, measured profiles, demand, limits, and what runs now. */
export interface SchedulerNode {
  readonly name: string;
  /** Cores. */
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Infinity: not limited. */
  readonly storageBytes: number;
  readonly networkBytesPerSecond: number;
  readonly gpus: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Measured, of one replica. */
export interface VersionProfile {
  /** CPU seconds of one request, at the batch size that it is served with. */
  readonly cpuSecondsPerRequest: number;
  /** Standard deviation of the service time by its mean; 0: constant, 1: exponential. */
  readonly serviceVariation: number;
  readonly memoryBytes: number;
  /** On each node that has a replica. */
  readonly storageBytes: number;
  readonly networkBytesPerRequest: number;
  /** From start to ready. */
  readonly loadSeconds: number;
  readonly gpus: number;
}

/** Share of the requests that shall be answered within a time. */
export interface LatencyObjective {
  readonly seconds: number;
  /** For example 0.99. */
  readonly quantile: number;
}

export interface SchedulerVersion {
  /** `service:version` */
  readonly id: string;
  /** > 0; what one request is worth beside another service's. */
  readonly priority: number;
  /** > 0: its recorded metric or live feedback. */
  readonly quality: number;
  /** Requests per second to plan for. Of a service whose policy gives ranges: only what names the version. */
  readonly demand: number;
  readonly profile: VersionProfile;
  readonly replicas: { readonly min: number; readonly max: number };
  /** Cores that one replica can use. */
  readonly threads: number;
  /** Cores that it must get in all. */
  readonly cpusMin: number;
  /** Share of its demand that must be served, 0 to 1. */
  readonly servedMin: number;
  readonly latency: LatencyObjective | null;
  /** Labels that a node must have. */
  readonly placement: Readonly<Record<string, string>>;
  /** Versions that may not be on the same node; its own id: at most one replica a node. */
  readonly apartFrom: readonly string[];
  /** Replicas that it has now, by node. */
  readonly current: Readonly<Record<string, number>>;
}

/** Traffic of a service whose policy lets the scheduler choose. */
export interface SchedulerService {
  readonly name: string;
  /** Requests per second that name no version. */
  readonly demand: number;
  /** Share of it by version id, from 0 to 1. The minima sum to at most 1, the maxima to at least 1. */
  readonly ranges: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
}

/** What resources and moves cost, in the objective's unit: the value of one request per second of priority and quality 1. */
export interface Prices {
  readonly cpu: number;
  readonly memoryPerGib: number;
  /** For each second that a started replica loads. */
  readonly loadSecond: number;
}

/** Small beside the value of requests: they decide between plans that serve alike. */
export const DEFAULT_PRICES: Prices = { cpu: 1e-3, memoryPerGib: 1e-4, loadSecond: 1e-3 };

export interface SchedulerInput {
  readonly nodes: readonly SchedulerNode[];
  readonly versions: readonly SchedulerVersion[];
  readonly services: readonly SchedulerService[];
  readonly prices: Prices;
  /** Of the cores that a version without latency objective gets, the share that may be busy; above it queues grow. */
  readonly utilisationMax: number;
}

const GIB = 2 ** 30;

/** Cost of a replica that is there. */
export const holdingCost = (version: SchedulerVersion, prices: Prices): number => (version.profile.memoryBytes / GIB) * prices.memoryPerGib;
export const startCost = (version: SchedulerVersion, prices: Prices): number => version.profile.loadSeconds * prices.loadSecond;
/** What one served request per second is worth. */
export const requestValue = (version: SchedulerVersion): number => version.priority * version.quality;
export const currentReplicas = (version: SchedulerVersion): number => Object.values(version.current).reduce((sum, count) => sum + count, 0);
