import { dirname, join } from 'node:path';
import { type CgroupFiles, errorCode } from './cgroup-files.ts';
import { Group, type GroupPlace } from './group.ts';
import type { Controller, Hierarchy } from './hierarchies.ts';

/** The platform's group in one hierarchy; those of its processes are directly below. */
export type Root = GroupPlace;

export interface RootRequest {
  readonly files: CgroupFiles;
  readonly hierarchy: Hierarchy;
  readonly name: string;
  /** Where an earlier control process had it. */
  readonly earlier: string | null;
  /** Group that this process joins; null: it stays where it is. */
  readonly joins: string | null;
}

export interface OpenedRoot {
  /** null: this hierarchy can't be had at all. */
  readonly root: Root | null;
  /** By controller that can't be had. */
  readonly problems: ReadonlyMap<Controller, string>;
}

/**
 * Makes the platform's group: where it was, as long as something runs there; below our own group; and, for root on version
 * 2, below the topmost group, since a group that holds processes (a terminal's) can't share out controllers.
 */
export function openRoot(request: RootRequest): OpenedRoot {
  const { files, hierarchy, name, earlier } = request;
  const { mount, own, controllers } = hierarchy;
  const parents = [...(earlier !== null && isLive(request, earlier) ? [dirname(earlier)] : []), own, ...(hierarchy.version === 2 && process.getuid?.() === 0 ? [mount] : [])];
  let why = '';
  for (const parent of new Set(parents)) {
    const directory = join(parent, name);
    try {
      files.makeGroup(directory);
      const root: Root = { version: hierarchy.version, controllers, directory };
      return hierarchy.version === 1 ? openV1(request, root) : openV2(request, root, parent);
    } catch (error) {
      why ||= refusal(error, directory, parent);
      releaseRoot(files, { version: hierarchy.version, controllers, directory }, request.joins);
    }
  }
  return { root: null, problems: new Map(controllers.map((controller) => [controller, why])) };
}

function openV1({ files, joins }: RootRequest, root: Root): OpenedRoot {
  const problems = new Map<Controller, string>();
  const group = new Group('', [root], { files, problems });
  group.make();
  if (joins !== null) joinGroup(files, root, joins);
  return { root, problems };
}

/** Version 2 gives a group's children the controllers that it shares out, and shares none out while it holds processes. */
function openV2({ files, joins, hierarchy }: RootRequest, root: Root, parent: string): OpenedRoot {
  if (joins !== null) joinGroup(files, root, joins);
  const problems = new Map<Controller, string>();
  for (const controller of hierarchy.controllers) {
    for (const directory of [parent, root.directory]) {
      if ((files.read(`${directory}/cgroup.subtree_control`) ?? '').split(/\s+/).includes(controller)) continue;
      try {
        files.write(`${directory}/cgroup.subtree_control`, `+${controller}`);
      } catch (error) {
        if (errorCode(error) === 'EBUSY') throw error;
        problems.set(controller, refusal(error, directory, parent));
      }
    }
  }
  if (problems.size === hierarchy.controllers.length) throw new Error([...problems.values()][0] ?? `${parent} has no controllers`);
  const controllers = hierarchy.controllers.filter((controller) => !problems.has(controller));
  return { root: { ...root, controllers }, problems };
}

/** This process's own id, in words that hold whatever the process table we are seen in. */
function joinGroup(files: CgroupFiles, root: Root, name: string): void {
  const group = new Group(name, [{ ...root, controllers: root.version === 1 ? root.controllers : [], directory: join(root.directory, name) }], { files, problems: new Map() });
  group.make();
  for (const file of group.joinFiles) files.write(file, String(process.pid));
}

/** Takes this process out again and removes the platform's group; what still holds processes stays. */
export function releaseRoot(files: CgroupFiles, root: Root, joined: string | null): void {
  const parent = dirname(root.directory);
  try {
    if (root.version === 2) shareNothing(files, root.directory);
    // What others below the same group were given stays theirs; and a group that still shares out takes no process.
    if (root.version === 2 && files.children(parent).length === 1) shareNothing(files, parent);
    if (joined !== null) files.write(`${parent}/cgroup.procs`, String(process.pid));
  } catch {
    // Then the group stays and the next control process finds it.
  }
  removeEmpty(files, root.directory, joined);
}

function shareNothing(files: CgroupFiles, directory: string): void {
  for (const controller of (files.read(`${directory}/cgroup.subtree_control`) ?? '').split(/\s+/).filter(Boolean)) {
    try {
      files.write(`${directory}/cgroup.subtree_control`, `-${controller}`);
    } catch {
      // In use by a group beside ours.
    }
  }
}

function removeEmpty(files: CgroupFiles, directory: string, joined: string | null): void {
  for (const group of [...(joined === null ? [] : [join(directory, joined)]), ...files.children(directory), directory]) {
    try {
      files.removeGroup(group);
    } catch {
      // Somebody is in it.
    }
  }
}

const isLive = ({ files, hierarchy }: RootRequest, directory: string): boolean =>
  new Group('', [{ version: hierarchy.version, controllers: hierarchy.controllers, directory }], { files, problems: new Map() }).processes().length > 0;

function refusal(error: unknown, directory: string, parent: string): string {
  const code = errorCode(error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return `${directory} can't be made (${code}); run the platform as root, or in a service or scope of systemd with Delegate=yes`;
  if (code === 'EBUSY') return `${parent} holds processes that are not ours and can't share out controllers (EBUSY); run the platform in a service or scope of its own with Delegate=yes`;
  return code === (error as Error).message ? code : `${directory}: ${code}`;
}
