/** What the engine remembers while it runs. The reconciler, the changes and the supervisor share these; `store.ts` keeps them. */
import type { Condition, DeploymentSpec, Digest, LoadProfile, ReplicaState, ServiceSpec } from '../core/index.ts';
import type { DeclaredLimits } from './declared-limits.ts';
import type { Mutex } from '../database/index.ts';
import type { Allocation, Failure, Held, ReplicaView, ServiceView, Serving } from './plan/index.ts';
import type { Residency } from './residency/index.ts';
import type { WorkerHandle, WorkerUsage } from './targets/index.ts';

/** One service: what is wanted, what is in force, what has been seen. */
export interface ServiceState {
  readonly name: string;
  createdAt: string;
  updatedAt: string;
  /** Newest revision ever; survives until the service is forgotten. */
  revision: number;
  /** null: the service shall go. */
  desired: ServiceView['desired'];
  /** Of the newest revision, also while the service goes. */
  spec: ServiceSpec | null;
  serving: Serving | null;
  observedRevision: number;
  conditions: readonly Condition[];
  /** By shape. */
  failures: Map<string, Failure>;
  /** By version. */
  unreadySince: Map<string, number>;
  /** Replacements of crashed replicas, by version. */
  restarts: Map<string, number>;
  /** Replicas that ended for want of memory, by version. */
  outOfMemory: Map<string, number>;
  /** By shape: what its replicas measured when they were last loaded. */
  profiles: Map<string, LoadProfile>;
  /** `profiles` has what the store has not. */
  profilesUnsaved: boolean;
  /** Of versions that are loaded on demand. */
  readonly residency: Map<string, Residency>;
  /** Versions whose start waits for memory. */
  readonly held: Map<string, Held>;
  /** Percent of the traffic by version, where its policy leaves that to the scheduler; null: not decided. */
  shares: Readonly<Record<string, number>> | null;
  /** What the scheduler gives, by version. */
  allocations: Map<string, Allocation>;
  /** Changes and passes of one service never interleave. */
  readonly lock: Mutex;
}

/** One replica: its row, and the worker behind it. */
export interface Replica {
  readonly id: string;
  readonly service: string;
  readonly version: string;
  readonly repository: string;
  readonly digest: Digest;
  shape: string;
  /** Limits that its deployment declared when they were last applied. */
  declared: DeclaredLimits;
  readonly threads: number;
  drainTimeoutMs: number;
  readonly createdAt: number;
  readonly attempt: number;
  state: ReplicaState;
  /** When the phase changed. */
  since: number;
  handle: WorkerHandle | null;
  profile: LoadProfile | null;
  usage: WorkerUsage | null;
  drainingSince: number | null;
  /** Generation of the first routing table without it, once it drains or rests. */
  leftGeneration: number | null;
  /** Told to stop; its exit is expected, for this reason. */
  stopping: ReplicaState | null;
}

/** What the planner sees of a replica. */
export function replicaView(replica: Replica, idle: boolean): ReplicaView {
  const record = replica.handle?.record;
  return {
    id: replica.id,
    version: replica.version,
    digest: replica.digest,
    shape: replica.shape,
    phase: replica.state.phase,
    createdAt: replica.createdAt,
    drainingSince: replica.drainingSince,
    drainTimeoutMs: replica.drainTimeoutMs,
    idle,
    route: { id: replica.id, socketPath: record?.socketPath ?? '', token: record?.token ?? '' },
    profile: replica.profile,
    building: replica.state.reason === 'EnvironmentBuilding' ? replica.state.message : null,
  };
}

/** Every version that a service needs now, for pins: desired and in force. */
export function neededVersions(desired: ServiceState['desired'], serving: Serving | null): readonly DeploymentSpec[] {
  const found = new Map<string, DeploymentSpec>();
  for (const deployment of [...(desired?.spec.deployments ?? []), ...(desired ? (serving?.spec.deployments ?? []) : [])]) found.set(`${deployment.repository}:${deployment.version}`, deployment);
  return [...found.values()];
}
