import type { SchedulerNode, SchedulerVersion } from './input.ts';

/** Nodes that are alike, which one set of variables stands for; or a single node. */
export interface NodeGroup {
  readonly name: string;
  readonly nodes: readonly SchedulerNode[];
}

export const singleGroups = (nodes: readonly SchedulerNode[]): readonly NodeGroup[] => nodes.map((node) => ({ name: node.name, nodes: [node] }));

/** Nodes of equal capacity and labels together. */
export function alikeGroups(nodes: readonly SchedulerNode[]): readonly NodeGroup[] {
  const groups = Map.groupBy(nodes, ({ name: _, labels, ...capacity }) => JSON.stringify([Object.values(capacity).map(String), Object.entries(labels).sort()]));
  return [...groups.values()].map((members) => ({ name: members.length === 1 ? (members[0]?.name ?? '') : `${members[0]?.name}..${members.at(-1)?.name}`, nodes: members }));
}

/** What a node has, and how much of it one replica needs; CPU can be had in any share, so it is not among them. */
export const WHOLE_RESOURCES = ['memoryBytes', 'gpus'] as const;

export const allows = (node: SchedulerNode, version: Pick<SchedulerVersion, 'placement'>): boolean => Object.entries(version.placement).every(([key, value]) => node.labels[key] === value);

/** Most replicas that an empty node holds. */
export function replicasPerNode(node: SchedulerNode, version: SchedulerVersion): number {
  if (!allows(node, version) || node.cpus <= 0 || version.profile.storageBytes > node.storageBytes) return 0;
  const most = version.apartFrom.includes(version.id) ? 1 : version.replicas.max;
  return Math.min(most, ...WHOLE_RESOURCES.map((resource) => (version.profile[resource] > 0 ? Math.floor(node[resource] / version.profile[resource] + 1e-9) : most)));
}
