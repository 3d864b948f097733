/** What one worker may take of its machine; null: no limit. All processes of the worker together, not each. */
export interface WorkerLimits {
  readonly memoryBytes: number | null;
  /** Share of the CPU where it is short, 1 to 10000 beside the others'; 100 is normal. */
  readonly cpuWeight: number;
  /** Cores at most, averaged over a tenth of a second; may be a fraction. */
  readonly cpus: number | null;
  /** Cores that it may run on, as in cpuset(7): `0-3,6`. */
  readonly cpuset: string | null;
  /** Processes and threads at most. */
  readonly pids: number | null;
}

export const CPU_WEIGHT_MAX = 10_000;
export const UNLIMITED: WorkerLimits = Object.freeze({ memoryBytes: null, cpuWeight: 100, cpus: null, cpuset: null, pids: null });

/** What makes a limit hold. */
export type Enforcer = 'cgroup v1' | 'cgroup v2' | 'rlimit' | 'namespace' | 'none';

/** One limit of a worker. */
export interface LimitState {
  readonly limit: keyof WorkerLimits;
  /** What is asked for. */
  readonly wanted: number | string | null;
  /** Whether that holds now; true also where nothing is asked for. */
  readonly inForce: boolean;
  readonly by: Enforcer;
  /** Why it does not hold, and what to do; '' when it does. */
  readonly reason: string;
  /** A worker that starts anew would have it. */
  readonly needsRestart: boolean;
}

export interface LimitReport {
  readonly limits: WorkerLimits;
  readonly states: readonly LimitState[];
}

/** A report in which no limit is enforced, and says why. */
export function unenforced(limits: WorkerLimits, reason: string): LimitReport {
  const states = (Object.keys(limits) as (keyof WorkerLimits)[]).map((limit): LimitState => {
    const asked = limits[limit] !== UNLIMITED[limit];
    return { limit, wanted: limits[limit], inForce: !asked, by: 'none', reason: asked ? reason : '', needsRestart: false };
  });
  return { limits, states };
}
