import { setTimeout as wait } from 'node:timers/promises';
import { type Enforcer, type LimitReport, type LimitState, UNLIMITED, type WorkerLimits } from '../../limits.ts';
import { type CgroupFiles, errorCode } from './cgroup-files.ts';
import type { CgroupVersion, Controller } from './hierarchies.ts';
import { CONTROLLER_OF, type GroupCounters, type Knobs } from './knobs.ts';
import { KNOBS_V1 } from './knobs-v1.ts';
import { KNOBS_V2 } from './knobs-v2.ts';

/** Where a group is in one hierarchy. */
export interface GroupPlace {
  readonly version: CgroupVersion;
  readonly controllers: readonly Controller[];
  readonly directory: string;
}

/** Ended processes leave their group within milliseconds; one that hangs in the kernel (a dead disk) does not. */
const END_ATTEMPTS = 60;
const END_PAUSE_MS = 2;
const END_PAUSE_MAX_MS = 100;
/** Groups below a group that a worker with the rights may have made, as deep and as many as are followed. */
const DEPTH_MAX = 8;

const KNOBS: Readonly<Record<CgroupVersion, Knobs>> = { 1: KNOBS_V1, 2: KNOBS_V2 };
const LIMITS = Object.keys(UNLIMITED) as (keyof WorkerLimits)[];

/** The control group of one worker: the same name in every hierarchy. */
export class Group {
  readonly name: string;
  readonly #files: CgroupFiles;
  readonly #places: readonly GroupPlace[];
  /** Why a controller is missing here. */
  readonly #problems: ReadonlyMap<Controller, string>;

  constructor(name: string, places: readonly GroupPlace[], { files, problems }: { readonly files: CgroupFiles; readonly problems: ReadonlyMap<Controller, string> }) {
    this.name = name;
    this.#files = files;
    this.#places = places;
    this.#problems = problems;
  }

  /** Makes it where it is not there. Throws what the kernel says. */
  make(): void {
    for (const { version, controllers, directory } of this.#places) {
      this.#files.makeGroup(directory);
      KNOBS[version].prepare(this.#files, directory, controllers);
    }
  }

  /** A process joins by writing its own id to each of these. */
  get joinFiles(): readonly string[] {
    return this.#places.map(({ directory }) => `${directory}/cgroup.procs`);
  }

  /** Whether a controller can limit it. */
  has(controller: Controller): boolean {
    return this.#placeOf(controller) !== undefined;
  }

  /** What the kernel limits it to now; where it knows nothing of a limit, there is none. */
  limits(): WorkerLimits {
    const read = <Limit extends keyof WorkerLimits>(limit: Limit): WorkerLimits[Limit] => {
      const place = this.#placeOf(CONTROLLER_OF[limit]);
      return place ? KNOBS[place.version].read[limit](this.#files, place.directory) : UNLIMITED[limit];
    };
    return { memoryBytes: read('memoryBytes'), cpuWeight: read('cpuWeight'), cpus: read('cpus'), cpuset: read('cpuset'), pids: read('pids') };
  }

  /** Sets what is named in `changes` and tells of all limits. */
  apply(limits: WorkerLimits, changes: Partial<WorkerLimits> = limits): LimitReport {
    return { limits, states: LIMITS.map((limit) => (limit in changes ? this.#set(limit, limits[limit]) : this.#told(limit, limits[limit]))) };
  }

  /** Sets limits beside those that it has. */
  adjust(changes: Partial<WorkerLimits>): LimitReport {
    return this.apply({ ...this.limits(), ...changes }, changes);
  }

  #set<Limit extends keyof WorkerLimits>(limit: Limit, value: WorkerLimits[Limit]): LimitState {
    const place = this.#placeOf(CONTROLLER_OF[limit]);
    if (!place) return this.#told(limit, value);
    try {
      if (limit === 'memoryBytes') this.#checkFits(value as number | null);
      KNOBS[place.version].write[limit](this.#files, place.directory, value);
      return { limit, wanted: value, inForce: true, by: enforcer(place), reason: '', needsRestart: false };
    } catch (error) {
      return { limit, wanted: value, inForce: false, by: 'none', reason: refusal(error, value), needsRestart: error instanceof InUse };
    }
  }

  /** What holds of a limit that is not changed: the kernel's word against what is wanted. */
  #told<Limit extends keyof WorkerLimits>(limit: Limit, value: WorkerLimits[Limit]): LimitState {
    const controller = CONTROLLER_OF[limit];
    const place = this.#placeOf(controller);
    if (!place) {
      const asked = value !== UNLIMITED[limit];
      return { limit, wanted: value, inForce: !asked, by: 'none', reason: asked ? (this.#problems.get(controller) ?? `this host has no ${controller} control group for us`) : '', needsRestart: false };
    }
    const actual = this.limits()[limit];
    const inForce = same(limit, actual, value);
    return { limit, wanted: value, inForce, by: inForce ? enforcer(place) : 'none', reason: inForce ? '' : `the kernel has ${JSON.stringify(actual)}`, needsRestart: false };
  }

  /** A limit below what is in use would make the kernel end the worker, or wait for memory that nobody gives back. */
  #checkFits(bytes: number | null): void {
    const { memoryBytes } = this.counters();
    if (bytes !== null && memoryBytes !== null && memoryBytes > bytes) throw new InUse(`it uses ${memoryBytes} bytes now, more than the ${bytes} wanted; a worker that starts anew gets the limit`);
  }

  /** Processes of it that the kernel has ended for want of memory; null: nobody counts. */
  oomKills(): number | null {
    const place = this.#placeOf('memory');
    return place ? KNOBS[place.version].oomKills(this.#files, () => place.directory) : null;
  }

  counters(): GroupCounters {
    const of = (controller: Controller): Knobs | null => {
      const place = this.#placeOf(controller);
      return place ? KNOBS[place.version] : null;
    };
    const all = (['cpu', 'memory', 'pids'] as const).flatMap((controller) => of(controller) ?? []);
    const counted = [...new Set(all)].map((knobs) => knobs.counters(this.#files, (controller) => this.#directoryOf(controller, knobs.version)));
    const pick = (field: keyof GroupCounters): number | null => counted.find((counters) => counters[field] !== null)?.[field] ?? null;
    return { cpuSeconds: pick('cpuSeconds'), throttledSeconds: pick('throttledSeconds'), memoryBytes: pick('memoryBytes'), memoryPeakBytes: pick('memoryPeakBytes'), oomKills: pick('oomKills'), threads: pick('threads') };
  }

  /** Its processes, those of groups below it too. */
  processes(): readonly number[] {
    const found = new Set<number>();
    for (const { directory } of this.#places) for (const group of this.#below(directory)) for (const pid of (this.#files.read(`${group}/cgroup.procs`) ?? '').split('\n')) if (pid !== '' && pid !== '0') found.add(Number(pid));
    return [...found];
  }

  get exists(): boolean {
    return this.#places.some(({ directory }) => this.#files.has(directory));
  }

  /** Ends every process of the group and removes it. Resolves with whether it is gone, within about 6 seconds. */
  async end(): Promise<boolean> {
    let pauseMs = END_PAUSE_MS;
    for (let attempt = 0; attempt < END_ATTEMPTS; attempt++) {
      if (this.processes().length) this.#kill();
      if (this.remove()) return true;
      await wait(pauseMs);
      pauseMs = Math.min(pauseMs * 1.5, END_PAUSE_MAX_MS);
    }
    return false;
  }

  #kill(): void {
    for (const knobs of new Set(this.#places.map(({ version }) => KNOBS[version]))) {
      try {
        knobs.kill(this.#files, (controller) => this.#directoryOf(controller, knobs.version), () => this.#signalAll());
      } catch {
        this.#signalAll();
      }
    }
  }

  #signalAll(): void {
    for (const pid of this.processes()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** Removes a group without processes. Whether nothing of it is left. */
  remove(): boolean {
    try {
      for (const { directory } of this.#places) for (const group of this.#below(directory).reverse()) this.#files.removeGroup(group);
    } catch {
      return false;
    }
    return true;
  }

  /** The group and those below it, parents first. */
  #below(directory: string, depth = 0): string[] {
    return [directory, ...(depth < DEPTH_MAX ? this.#files.children(directory).flatMap((child) => this.#below(child, depth + 1)) : [])];
  }

  #placeOf(controller: Controller): GroupPlace | undefined {
    return this.#places.find(({ controllers }) => controllers.includes(controller));
  }

  #directoryOf(controller: Controller, version: CgroupVersion): string | null {
    const place = this.#placeOf(controller);
    return place?.version === version ? place.directory : null;
  }
}

class InUse extends Error {}

const enforcer = ({ version }: GroupPlace): Enforcer => (version === 1 ? 'cgroup v1' : 'cgroup v2');

/** The kernel keeps memory in pages and CPU in shares: what was written comes back rounded. */
function same<Limit extends keyof WorkerLimits>(limit: Limit, actual: WorkerLimits[Limit], wanted: WorkerLimits[Limit]): boolean {
  if (actual === null || wanted === null || limit === 'cpuset') return actual === wanted;
  const [a, b] = [Number(actual), Number(wanted)];
  if (limit === 'memoryBytes') return Math.abs(a - b) < 65_536;
  return limit === 'pids' ? a === b : Math.abs(a - b) <= Math.max(0.011, b * 0.02);
}

function refusal(error: unknown, value: unknown): string {
  if (error instanceof InUse) return error.message;
  return `the kernel refuses ${JSON.stringify(value)}: ${errorCode(error)}`;
}
