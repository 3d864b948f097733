/**
 * What is kept of one version for one period. The place in the list is the number in what is stored: append only, never
 * reorder. All add up over periods, gateways and replicas, except those of MAXIMA, of which the largest stays.
 */
export const FIELDS = [
  /** Seconds of a gateway that this covers; what means of its gauges are over. */
  'seconds',
  'succeeded',
  'failed',
  /** Failures that the version must answer for: no bad input, cancelled request or full queue. */
  'faults',
  'rows',
  'retries',
  'runs',
  /** Merging and splitting of batches. */
  'batchUs',
  'queueLength',
  'queueLengthMax',
  'inFlight',
  'inFlightMax',
  /** Connected to the gateway. */
  'replicas',
  /** Samples of the engine: what means of resources are over. */
  'resourceSamples',
  'cpuUs',
  /** Time over which `cpuUs` was used. */
  'cpuElapsedUs',
  'memoryKiB',
  'memoryMaxKiB',
  /** Hundredths of a percent of version-less traffic, as the policy in force wants it. */
  'weight',
  'replicasReady',
  /** Replicas that became ready: cold starts. */
  'loads',
  'loadUs',
  'replicaFailures',
  'oomKills',
  'throttledUs',
] as const;
export type Field = (typeof FIELDS)[number];

export const MAXIMA: ReadonlySet<Field> = new Set<Field>(['queueLengthMax', 'inFlightMax', 'memoryMaxKiB']);

/** Log-linear histograms: microseconds, and rows of a run. Append only, at most eight. */
export const HISTOGRAMS = ['total', 'queue', 'run', 'batchRows'] as const;
export type HistogramName = (typeof HISTOGRAMS)[number];

/**
 * Neighbouring buckets that are stored as one: of the latency none, so that a quantile is within a sixteenth; of the time
 * inside the runtime two, of the wait four. Half of what an hour of seconds takes on disk is these.
 */
export const STORED_BUCKETS: readonly number[] = [1, 4, 2, 1];

export const FIELD_NUMBERS = Object.fromEntries(FIELDS.map((field, index) => [field, index])) as Readonly<Record<Field, number>>;
export const HISTOGRAM_NUMBERS = Object.fromEntries(HISTOGRAMS.map((name, index) => [name, index])) as Readonly<Record<HistogramName, number>>;
