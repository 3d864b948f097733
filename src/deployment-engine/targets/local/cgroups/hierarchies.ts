/** Where this host has its control groups, from what the kernel tells each process of itself (cgroups(7)). */
import { join, relative } from 'node:path';
import type { CgroupFiles } from './cgroup-files.ts';

export const CONTROLLERS = ['cpu', 'cpuacct', 'memory', 'pids', 'cpuset'] as const;
export type Controller = (typeof CONTROLLERS)[number];
export type CgroupVersion = 1 | 2;

/** One tree of groups. Version 1 has one for each controller, or for several that are mounted jointly; version 2 has one for all. */
export interface Hierarchy {
  readonly version: CgroupVersion;
  readonly controllers: readonly Controller[];
  readonly mount: string;
  /** The group that this process is in. */
  readonly own: string;
}

/**
 * The trees that have a controller for us. Where both versions are mounted, a controller belongs to one of them; where
 * the kernel tells nothing, there are none.
 */
export function readHierarchies(files: CgroupFiles, proc = '/proc/self'): readonly Hierarchy[] {
  const membership = parseMembership(files.read(join(proc, 'cgroup')) ?? '');
  const found: Hierarchy[] = [];
  for (const { mount, root, version, names } of parseMounts(files.read(join(proc, 'mountinfo')) ?? '')) {
    const path = membership.get(version === 2 ? '' : [...names].sort().join(','));
    if (path === undefined) continue;
    const own = ownGroup(mount, root, path);
    const offered = version === 2 ? (files.read(join(own, 'cgroup.controllers')) ?? '').split(/\s+/) : names;
    const controllers = CONTROLLERS.filter((controller) => offered.includes(controller) && !found.some((other) => other.controllers.includes(controller)));
    if (controllers.length) found.push({ version, controllers, mount, own });
  }
  return found;
}

/** Of a bind mount, `root` is the part of the tree that is seen; a group outside of it can't be. */
function ownGroup(mount: string, root: string, path: string): string {
  const below = relative(root, path);
  return below.startsWith('..') ? mount : join(mount, below);
}

interface Mount {
  readonly mount: string;
  readonly root: string;
  readonly version: CgroupVersion;
  /** Controllers, and for systemd's own tree `name=systemd`. */
  readonly names: readonly string[];
}

const CONTROLLER_OPTIONS: ReadonlySet<string> = new Set(['cpu', 'cpuacct', 'cpuset', 'memory', 'pids', 'freezer', 'devices', 'blkio', 'net_cls', 'net_prio', 'perf_event', 'hugetlb', 'rdma', 'misc', 'debug']);

/** Lines of proc_pid_mountinfo(5): `31 23 0:28 ROOT MOUNT options… - TYPE SOURCE SUPEROPTIONS`. */
function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', mount = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type !== 'cgroup' && type !== 'cgroup2') continue;
    const names = options.split(',').filter((option) => CONTROLLER_OPTIONS.has(option) || option.startsWith('name='));
    mounts.push({ mount: unescaped(mount), root: unescaped(root), version: type === 'cgroup2' ? 2 : 1, names });
  }
  // Controllers that version 1 holds are not version 2's.
  return mounts.sort((a, b) => a.version - b.version);
}

/** Spaces, tabs, line ends and backslashes stand as three octal digits. */
const unescaped = (path: string): string => path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

/** Lines `4:memory:/path`; version 2's is `0::/path`. Keyed by the controllers in order of the alphabet. */
function parseMembership(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^\d+:([^:]*):(\/.*)$/.exec(line);
    if (match) found.set((match[1] as string).split(',').sort().join(','), match[2] as string);
  }
  return found;
}
