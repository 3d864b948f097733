import type { Resource, Subject } from './formulation.ts';
import { allows, replicasPerNode } from './groups.ts';
import type { SchedulerInput, SchedulerVersion } from './input.ts';

/** A number as people read it: at most four digits. */
export const shortNumber = (value: number): string => (Math.abs(value) >= 1e4 || value === 0 ? String(Math.round(value)) : String(Number(value.toPrecision(4))));
export const shortBytes = (bytes: number): string => (bytes >= 2 ** 30 ? `${shortNumber(bytes / 2 ** 30)} GiB` : `${shortNumber(bytes / 2 ** 20)} MiB`);

const RESOURCE_NAMES: Readonly<Record<Resource, string>> = { cpu: 'CPU', memory: 'memory', storage: 'storage', network: 'network', gpus: 'GPUs' };
export function shownAmount(resource: Resource, amount: number): string {
  if (resource === 'cpu') return `${shortNumber(amount)} core${amount === 1 ? '' : 's'}`;
  if (resource === 'gpus') return `${shortNumber(amount)} GPU${amount === 1 ? '' : 's'}`;
  return resource === 'network' ? `${shortNumber(amount / 1e6)} MB/s` : shortBytes(amount);
}

/** What a constraint asks, as a sentence. */
export function describeSubject(subject: Subject, input: SchedulerInput): string {
  switch (subject.kind) {
    case 'capacity':
      return `${subject.group.name} has ${shownAmount(subject.resource, subject.amount)} of ${RESOURCE_NAMES[subject.resource]}`.replace(/ of (CPU|GPUs)$/, '');
    case 'apart':
      return `${subject.versions.join(' and ')} may not share ${subject.group.name}`;
    case 'replicas':
      return describeReplicas(subject.version, input);
    case 'served-min':
      return `${subject.version.id} must serve at least ${shortNumber(subject.version.servedMin * 100)} % of ${shortNumber(subject.version.demand)} requests/s, ${shortNumber(subject.version.profile.cpuSecondsPerRequest * 1000)} CPU ms each`;
    case 'cpus-min':
      return `${subject.version.id} must have at least ${shownAmount('cpu', subject.version.cpusMin)}`;
    case 'demand':
      return `${subject.version.id} has a demand of ${shortNumber(subject.version.demand)} requests/s`;
  }
}

function describeReplicas(version: SchedulerVersion, input: SchedulerInput): string {
  const { min, max } = version.replicas;
  const text = `${version.id} must have at least ${min} replica${min === 1 ? '' : 's'} of ${shortBytes(version.profile.memoryBytes)}${version.profile.gpus ? ` and ${shownAmount('gpus', version.profile.gpus)}` : ''} each, at most ${max}`;
  return cannotBePlaced(version, input) ?? text;
}

/** Why no node takes a replica even when it is empty; null: some node does. */
export function cannotBePlaced(version: SchedulerVersion, { nodes }: SchedulerInput): string | null {
  if (nodes.some((node) => replicasPerNode(node, version) > 0)) return null;
  const allowed = nodes.filter((node) => allows(node, version));
  const wanted = Object.entries(version.placement).map(([key, value]) => `${key}=${value}`).join(', ');
  if (allowed.length === 0) return `${version.id} must be on a node with ${wanted}, and none of ${nodes.length} has that`;
  const { memoryBytes, gpus, storageBytes } = version.profile;
  const most = (field: 'memoryBytes' | 'gpus' | 'storageBytes'): number => Math.max(...allowed.map((node) => node[field]));
  if (memoryBytes > most('memoryBytes')) return `${version.id} needs ${shortBytes(memoryBytes)} of memory, the largest node it may be on has ${shortBytes(most('memoryBytes'))}`;
  if (gpus > most('gpus')) return `${version.id} needs ${shownAmount('gpus', gpus)}, the node it may be on with most has ${most('gpus')}`;
  if (storageBytes > most('storageBytes')) return `${version.id} needs ${shortBytes(storageBytes)} of storage, the node it may be on with most has ${shortBytes(most('storageBytes'))}`;
  return version.replicas.max === 0 ? `${version.id} may have no replica` : `${version.id} fits on none of ${allowed.length} nodes as a whole`;
}
