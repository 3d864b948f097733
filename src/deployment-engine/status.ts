import { type DeploymentSpec, isResting, type LoadProfile } from '../core/index.ts';
import type { VersionDemand } from '../wire/index.ts';
import { activeDeployment, effectiveWeights, type ServiceView, shapeOf, type VersionState, type WantedVersion, wantedVersions } from './plan/index.ts';
import type { EstimatedProfile } from './profiles/index.ts';
import { limitWarnings } from './limit-warnings.ts';
import type { Replica, ServiceState } from './state.ts';
import type { ReplicaStatus, ServiceStatus, VersionStatus } from './types.ts';

export interface StatusInput {
  readonly service: ServiceState;
  readonly view: ServiceView;
  readonly states: ReadonlyMap<string, VersionState>;
  /** Live replicas of the service. */
  readonly replicas: readonly Replica[];
  readonly demands: readonly VersionDemand[];
  readonly estimate: (deployment: Pick<Replica, 'digest' | 'threads'>) => EstimatedProfile;
}

/** What people are told of a service. */
export function serviceStatus(input: StatusInput): ServiceStatus | null {
  const { service, view } = input;
  const { spec } = service;
  const wanted = wantedVersions(view);
  if (!spec) return null;
  const weights = effectiveWeights(view, input.states);
  const names = new Set(wanted.map(({ target }) => target.version));
  const leaving = input.replicas.filter((replica) => !names.has(replica.version));
  return {
    name: service.name,
    spec,
    revision: service.revision,
    observedRevision: service.observedRevision,
    servingRevision: service.serving?.complete ? service.serving.revision : null,
    conditions: service.conditions,
    versions: [...wanted.map((version) => wantedStatus(input, version, view.serving ? weights : {})), ...leavingStatus(leaving, input.estimate)],
    createdAt: service.createdAt,
    updatedAt: service.updatedAt,
  };
}

function wantedStatus(input: StatusInput, wanted: WantedVersion, weights: Readonly<Record<string, number>>): VersionStatus {
  const { deployment } = activeDeployment(input.view, wanted);
  const replicas = input.replicas.filter((replica) => replica.version === deployment.version);
  const state = input.states.get(deployment.version) as VersionState;
  const demand = input.demands.find((candidate) => candidate.service === input.service.name && candidate.version === deployment.version) ?? null;
  return {
    ...identity(deployment),
    state: wanted.target.state,
    ...state,
    weight: Object.hasOwn(weights, deployment.version) && !isResting(state.phase) ? (weights[deployment.version] ?? 0) : 0,
    desired: wanted.desired,
    priority: wanted.target.priority,
    restarts: input.service.restarts.get(deployment.version) ?? 0,
    outOfMemory: input.service.outOfMemory.get(deployment.version) ?? 0,
    warnings: limitWarnings(replicas),
    profile: profileOf(replicas) ?? input.view.profiles.get(shapeOf(deployment)) ?? null,
    needs: input.estimate({ digest: deployment.digest, threads: deployment.resources.threads }),
    demand,
    replicasDesired: wanted.replicas,
    replicas: replicas.map(replicaStatus),
  };
}

const identity = ({ version, repository, digest }: DeploymentSpec) => ({ version, repository, digest });

function profileOf(replicas: readonly Replica[]): LoadProfile | null {
  return replicas.findLast((replica) => replica.profile)?.profile ?? null;
}

/** Versions that only wait for their last requests. */
function leavingStatus(replicas: readonly Replica[], estimate: StatusInput['estimate']): VersionStatus[] {
  const versions = Map.groupBy(replicas, (replica) => replica.version);
  return [...versions].map(([version, group]) => {
    const { repository, digest, threads, state } = group[0] as Replica;
    return {
      version, repository, digest,
      state: 'unloaded', phase: 'draining', reason: state.reason, message: state.message,
      weight: 0, desired: false, priority: 0, restarts: 0, outOfMemory: 0, warnings: [], profile: profileOf(group), needs: estimate({ digest, threads }), demand: null, replicasDesired: 0,
      replicas: group.map(replicaStatus),
    };
  });
}

export function replicaStatus(replica: Replica): ReplicaStatus {
  return {
    id: replica.id,
    ...replica.state,
    since: new Date(replica.since).toISOString(),
    pid: replica.handle?.pid ?? null,
    // Before the first sample the worker's own measurement at load is the best there is.
    residentBytes: replica.usage?.residentBytes ?? replica.profile?.residentBytes ?? null,
    cpuSeconds: replica.usage?.cpuSeconds ?? null,
    throttledSeconds: replica.usage?.throttledSeconds ?? null,
    memoryPeakBytes: replica.usage?.memoryPeakBytes ?? null,
    processes: replica.usage?.processes ?? null,
    threads: replica.usage?.threads ?? null,
    limits: replica.handle?.exited === null ? replica.handle.limits.states : [],
    storageBytes: replica.usage?.storageBytes ?? null,
    networkReceivedBytes: replica.usage?.networkReceivedBytes ?? null,
    networkSentBytes: replica.usage?.networkSentBytes ?? null,
    isolation: replica.handle?.exited === null ? replica.handle.isolation : null,
  };
}
