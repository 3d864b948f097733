/** A process that may stand in front of others. */
export interface FrontCandidate {
  readonly pid: number;
  /** Tells the process from a later one with the same pid. */
  readonly startTime: string;
  readonly kind: 'gateway' | 'worker';
  /** What one run of its model takes alone, milliseconds; null: not known. Gateways have none. */
  readonly runMs: number | null;
  /** User and system, since its start. */
  readonly cpuSeconds: number;
}

export interface MeasuredCandidate extends FrontCandidate {
  /** Cores that it kept busy lately. */
  readonly cores: number;
  readonly inFront: boolean;
}

/** It takes less than this to come to the front, and to stay there less than the other. */
const ENTER_CORES = 0.4;
const STAY_CORES = 0.6;
const RUN_MS_MAX = 3;
/** Of the host's cores, all in front together: the rest of the work always has the other half. */
const SHARE_MAX = 0.5;

/**
 * Who stands in front: gateways, and workers whose runs are short, while they take little. For them a wait of a time slice is
 * many times what they work; the others lose what those take, and that is little. Gives pids.
 */
export function chooseFront(candidates: readonly MeasuredCandidate[], hostCores: number): ReadonlySet<number> {
  const eligible = candidates.filter(({ kind, runMs, cores, inFront }) => (kind === 'gateway' || (runMs !== null && runMs <= RUN_MS_MAX)) && cores <= (inFront ? STAY_CORES : ENTER_CORES));
  const order = [...eligible].sort((a, b) => Number(b.kind === 'gateway') - Number(a.kind === 'gateway') || Number(b.inFront) - Number(a.inFront) || a.cores - b.cores);
  const chosen = new Set<number>();
  let left = hostCores * SHARE_MAX;
  for (const { pid, cores } of order) {
    if (cores > left) continue;
    left -= cores;
    chosen.add(pid);
  }
  return chosen;
}
