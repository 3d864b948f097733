/**
 * Turns totals that are looked at every few seconds (CPU of each worker, work that each gateway reports) into what one version
 * did between two looks.
 *
 * Both come late, and not together: gateways report each second, a long run's CPU is spent before its answer counts. So CPU that
 * no request accounts for yet waits for the request to come, as long as there is one:
 *
 *   no new answers, requests in flight ──▶ CPU waits        new answers ──▶ a window with all CPU since the last
 *   no new answers, nothing in flight  ──▶ CPU waits once, then it was the worker's own: what it takes to be there
 */
import type { VersionDemand } from '../../wire/index.ts';
import type { ServingWindow } from './observe.ts';

/** A replica that takes or finishes requests. */
export interface SampledReplica {
  readonly id: string;
  readonly service: string;
  readonly version: string;
  readonly digest: string;
  readonly threads: number;
  /** Since its start. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export interface SampledVersion {
  readonly digest: string;
  readonly threads: number;
  readonly window: ServingWindow;
}

type Work = VersionDemand['work'];

interface Unit {
  work: Work | null;
  waitingCpuSeconds: number;
  waitingSeconds: number;
  /** The last look found nothing to do: what waits is given up at the next that does. */
  restedBefore: boolean;
  idle: { cpuSeconds: number; seconds: number };
}

/** Of a worker that waits; more is work that came too late to be counted. */
const IDLE_SHARE_MAX = 0.01;
const IDLE_SECONDS_MIN = 4;
/** What a worker takes to be there is at most this part of what it does. */
const IDLE_PART_MAX = 0.5;
const IDLE_FADE = 0.9;

export class UsageSampler {
  readonly #cpuSeconds = new Map<string, number>();
  readonly #units = new Map<string, Unit>();
  #sampledAtMs: number | null = null;

  /** Takes a look. `nowMs`: monotonic. Returns what versions did since the last one; those that did nothing are left out. */
  sample(nowMs: number, replicas: readonly SampledReplica[], demands: readonly VersionDemand[]): readonly SampledVersion[] {
    const seconds = this.#sampledAtMs === null ? 0 : (nowMs - this.#sampledAtMs) / 1000;
    this.#sampledAtMs = nowMs;
    const groups = Map.groupBy(replicas, unitOf);
    const reported = Map.groupBy(demands, unitOf);
    const found: SampledVersion[] = [];
    for (const [key, group] of groups) {
      const cpuSeconds = group.reduce((sum, replica) => sum + this.#cpuSince(replica), 0);
      const window = this.#look(key, reported.get(key) ?? [], cpuSeconds, seconds * group.length, Math.max(...group.map(({ peakBytes }) => peakBytes)));
      const [first] = group;
      // While a version goes from one number of threads to another, nobody can tell whose work it was.
      if (window && first && group.every(({ threads }) => threads === first.threads)) found.push({ digest: first.digest, threads: first.threads, window });
    }
    this.#forget(replicas, groups);
    return found;
  }

  /** A worker is ready: the CPU that loading took is not that of requests. */
  begin(replica: string, cpuSeconds: number): void {
    this.#cpuSeconds.set(replica, cpuSeconds);
  }

  #cpuSince({ id, cpuSeconds }: SampledReplica): number {
    const before = this.#cpuSeconds.get(id);
    this.#cpuSeconds.set(id, cpuSeconds);
    return before === undefined ? 0 : Math.max(0, cpuSeconds - before);
  }

  #look(key: string, reports: readonly VersionDemand[], cpuSeconds: number, replicaSeconds: number, peakBytes: number): ServingWindow | null {
    const unit = this.#units.get(key) ?? { work: null, waitingCpuSeconds: 0, waitingSeconds: 0, restedBefore: true, idle: { cpuSeconds: 0, seconds: 0 } };
    this.#units.set(key, unit);
    const { work: before } = unit;
    const work = sumWork(reports);
    unit.work = reports.length ? work : null;
    // The first look, or statistics that began anew.
    if (!before || !reports.length || WORK_FIELDS.some((field) => work[field] < before[field])) return restart(unit);
    unit.waitingCpuSeconds += cpuSeconds;
    unit.waitingSeconds += replicaSeconds;
    if (work.requests > before.requests) return this.#window(unit, before, work, peakBytes);
    if (reports.some(({ inFlight, queueLength }) => inFlight + queueLength > 0)) unit.restedBefore = false;
    else rest(unit, cpuSeconds, replicaSeconds);
    return null;
  }

  #window(unit: Unit, before: Work, work: Work, peakBytes: number): ServingWindow {
    const { idle, waitingCpuSeconds, waitingSeconds } = unit;
    const ownShare = idle.seconds >= IDLE_SECONDS_MIN ? Math.min(IDLE_SHARE_MAX, idle.cpuSeconds / idle.seconds) : 0;
    const own = Math.min(ownShare * waitingSeconds, IDLE_PART_MAX * waitingCpuSeconds);
    Object.assign(unit, { waitingCpuSeconds: 0, waitingSeconds: 0, restedBefore: false });
    const { requests, rows, runs, runSeconds, runSecondsSquared, inputBytes, outputBytes } = difference(work, before);
    return { cpuSeconds: waitingCpuSeconds - own, requests, rows, runs, runSeconds, runSecondsSquared, networkBytes: inputBytes + outputBytes, peakBytes };
  }

  #forget(replicas: readonly SampledReplica[], groups: ReadonlyMap<string, unknown>): void {
    const ids = new Set(replicas.map(({ id }) => id));
    for (const id of this.#cpuSeconds.keys()) if (!ids.has(id)) this.#cpuSeconds.delete(id);
    for (const key of this.#units.keys()) if (!groups.has(key)) this.#units.delete(key);
  }
}

const WORK_FIELDS = ['requests', 'rows', 'runs', 'runSeconds', 'runSecondsSquared', 'inputBytes', 'outputBytes'] as const satisfies readonly (keyof Work)[];

const combine = (of: (field: keyof Work) => number): Work => Object.fromEntries(WORK_FIELDS.map((field) => [field, of(field)])) as unknown as Work;
const sumWork = (reports: readonly VersionDemand[]): Work => combine((field) => reports.reduce((sum, { work }) => sum + work[field], 0));
const difference = (after: Work, before: Work): Work => combine((field) => after[field] - before[field]);

const unitOf = ({ service, version, digest }: { readonly service: string; readonly version: string; readonly digest: string }): string => `${service} ${version} ${digest}`;

function restart(unit: Unit): null {
  Object.assign(unit, { waitingCpuSeconds: 0, waitingSeconds: 0, restedBefore: true });
  return null;
}

/** What waits is kept for one look, since the report of its request may be on its way. */
function rest(unit: Unit, cpuSeconds: number, replicaSeconds: number): void {
  if (unit.restedBefore) unit.idle = { cpuSeconds: unit.idle.cpuSeconds * IDLE_FADE + cpuSeconds, seconds: unit.idle.seconds * IDLE_FADE + replicaSeconds };
  Object.assign(unit, { waitingCpuSeconds: cpuSeconds, waitingSeconds: replicaSeconds, restedBefore: true });
}
