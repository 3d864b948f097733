/**
 * The control groups of one platform:
 *
 *   <group that control was started in>/lepton-<digest of the run directory>/{control, gateway, worker-…}
 *
 * in every hierarchy of the host. Their place is noted in the run directory, so that the control process that comes next
 * finds them, wherever it is started.
 */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type LimitReport, UNLIMITED, type WorkerLimits } from '../../limits.ts';
import { type CgroupFiles, errorCode, kernelFiles } from './cgroup-files.ts';
import { Group, type GroupPlace } from './group.ts';
import { CONTROLLERS, type Controller, type Hierarchy, readHierarchies } from './hierarchies.ts';
import { openRoot, type Root, releaseRoot } from './root.ts';
import { CONTROL_CPU_WEIGHT, GATEWAY_CPU_WEIGHT, PLATFORM_CPU_WEIGHT } from './weights.ts';

export interface PlatformGroupsOptions {
  /** From `runDirectory`; exists. */
  readonly runDirectory: string;
  /** This process is the platform's alone and joins the group `control`; false: it stays where it is. */
  readonly joinsControl: boolean;
  readonly files?: CgroupFiles;
  readonly hierarchies?: readonly Hierarchy[];
}

const NOTE = 'cgroups.json';
const CONTROL = 'control';
const GATEWAY = 'gateway';
const PREFIX = 'lepton-';
const PROBE = 'probe';

export class PlatformGroups {
  readonly #files: CgroupFiles;
  readonly #note: string;
  readonly #roots: readonly Root[];
  readonly #problems: ReadonlyMap<Controller, string>;
  readonly #joined: boolean;

  /** Makes what this host allows; never throws for want of it, `problems` tells. */
  constructor({ runDirectory, joinsControl, files = kernelFiles, hierarchies = readHierarchies(files) }: PlatformGroupsOptions) {
    this.#files = files;
    this.#note = join(runDirectory, NOTE);
    this.#joined = joinsControl;
    const name = PREFIX + createHash('sha256').update(runDirectory).digest('hex').slice(0, 16);
    const problems = new Map<Controller, string>(CONTROLLERS.map((controller) => [controller, `the kernel offers no ${controller} control group here`]));
    this.#problems = problems;
    const noted = readNote(this.#note);
    this.#roots = hierarchies.flatMap((hierarchy) => {
      const earlier = noted.find((place) => place.version === hierarchy.version && place.directory.startsWith(`${hierarchy.mount}/`) && same(place.controllers, hierarchy.controllers));
      const opened = openRoot({ files, hierarchy, name, earlier: earlier?.directory ?? null, joins: joinsControl ? CONTROL : null });
      for (const controller of hierarchy.controllers) {
        const problem = opened.problems.get(controller);
        if (problem === undefined) problems.delete(controller);
        else problems.set(controller, problem);
      }
      return opened.root ?? [];
    });
    if (this.#roots.length) writeFileSync(this.#note, JSON.stringify(this.#roots), { mode: 0o600 });
    this.#weigh();
    if (joinsControl) this.#removeAbandoned();
  }

  /** Why a controller can't be had; absent: it can. */
  get problems(): ReadonlyMap<Controller, string> {
    return this.#problems;
  }

  /** A new group for a worker, with its limits; null where this host gives us none, or no more. */
  create(name: string, limits: WorkerLimits): { readonly group: Group; readonly report: LimitReport } | null {
    const group = this.#group(name);
    if (!group) return null;
    try {
      group.make();
      return { group, report: group.apply(limits) };
    } catch {
      group.remove();
      return null;
    }
  }

  /** One that is there; null: none. */
  find(name: string): Group | null {
    const group = this.#group(name);
    return group?.exists ? group : null;
  }

  /** Every gateway's; null where this host gives us none. */
  gateway(): Group | null {
    return this.create(GATEWAY, { ...UNLIMITED, cpuWeight: GATEWAY_CPU_WEIGHT })?.group ?? null;
  }

  /** Names of the workers' groups that are there. */
  workers(): readonly string[] {
    const names = this.#roots.flatMap(({ directory }) => this.#files.children(directory).map((child) => basename(child)));
    return [...new Set(names)].filter((name) => name !== CONTROL && name !== GATEWAY);
  }

  /** Sets limits on a group that is made for it and taken away again: what can be said of a worker that does not run yet. */
  async probe(limits: WorkerLimits): Promise<LimitReport | null> {
    const made = this.create(PROBE, limits);
    await made?.group.end();
    return made?.report ?? null;
  }

  /**
   * Takes a process out of its CPU group, into the one above the platform's, where that group may not run anything in a real-time
   * class (version 1 gives each group a budget of that, and ours have none). Throws what the kernel says.
   */
  leaveCpuGroup(pid: number): void {
    const root = this.#cpuRootWithoutRealTime();
    if (!root) return;
    if (root.controllers.includes('cpuacct')) throw new Error('this host counts CPU time where it shares it out, so a process can’t leave the one without the other');
    this.#files.write(`${dirname(root.directory)}/cgroup.procs`, String(pid));
  }

  /** Puts a process back into a CPU group; one that has ended meanwhile, or whose group has gone, stays where it is. */
  rejoinCpuGroup(pid: number, name: string): void {
    const root = this.#cpuRootWithoutRealTime();
    if (!root || root.controllers.includes('cpuacct') || !this.#files.has(join(root.directory, name))) return;
    try {
      this.#files.write(`${join(root.directory, name)}/cgroup.procs`, String(pid));
    } catch (error) {
      if (errorCode(error) !== 'ESRCH') throw error;
    }
  }

  #cpuRootWithoutRealTime(): Root | undefined {
    return this.#roots.find(({ version, controllers, directory }) => version === 1 && controllers.includes('cpu') && this.#files.has(`${directory}/cpu.rt_runtime_us`));
  }

  /** Ends what is left in every group and removes them; this process goes back to where it was. */
  async close(): Promise<void> {
    await Promise.all([...this.workers(), GATEWAY].map((name) => this.find(name)?.end()));
    this.leave();
  }

  /** This process goes back to where it was; groups in which something runs stay, for a control process that comes after. */
  leave(): void {
    for (const root of this.#roots) releaseRoot(this.#files, root, this.#joined ? CONTROL : null);
    if (!this.#roots.some(({ directory }) => this.#files.has(directory))) rmSync(this.#note, { force: true });
  }

  #group(name: string): Group | null {
    if (!this.#roots.length) return null;
    const places = this.#roots.map(({ version, controllers, directory }): GroupPlace => ({ version, controllers, directory: join(directory, name) }));
    return new Group(name, places, { files: this.#files, problems: this.#problems });
  }

  #weigh(): void {
    const here = new Group('', this.#roots, { files: this.#files, problems: this.#problems });
    here.adjust({ cpuWeight: PLATFORM_CPU_WEIGHT });
    if (this.#joined) this.find(CONTROL)?.adjust({ cpuWeight: CONTROL_CPU_WEIGHT });
  }

  /** Platforms that were ended whole, and whose directory may be gone, leave groups that nobody else would look for. */
  #removeAbandoned(): void {
    for (const root of this.#roots) {
      for (const sibling of this.#files.children(dirname(root.directory))) {
        if (sibling === root.directory || !basename(sibling).startsWith(PREFIX) || !this.#files.has(join(sibling, CONTROL))) continue;
        const group = new Group('', [{ ...root, directory: sibling }], { files: this.#files, problems: new Map() });
        if (!group.processes().length) group.remove();
      }
    }
  }
}

/** What an earlier control process noted; nothing of it is trusted but where to look. */
function readNote(file: string): readonly GroupPlace[] {
  try {
    const noted = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    return Array.isArray(noted) ? noted.filter((place: GroupPlace) => typeof place?.directory === 'string' && basename(place.directory).startsWith(PREFIX) && Array.isArray(place.controllers)) : [];
  } catch {
    return [];
  }
}

const same = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((one) => b.includes(one));
