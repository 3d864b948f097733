import type { Condition, DeploymentState, IsolationReport, LoadProfile, LogSettings, ReplicaPhase, ServiceRevision, ServiceSpec, StickyKey, Version, VersionPhase } from '../core/index.ts';
import type { LimitState } from './targets/index.ts';
import type { VersionDemand } from '../wire/index.ts';
import type { EstimatedProfile, ObservedRates } from './profiles/index.ts';
import type { Explanation, PlanDetails, PlanSummary } from './scheduling/index.ts';

export type { Explanation, PlanDetails, PlanSummary } from './scheduling/index.ts';

/** Who asks and why; kept with the revision and in events. */
export interface ChangeContext {
  readonly by: string;
  readonly reason?: string;
  /** Refuse with CONFLICT unless the service is at this revision now. */
  readonly expectRevision?: number;
}

/** What people write for one version in a service. Quantities may be numbers or, for memory, text such as `512MiB`. */
export interface DeploymentInput {
  /** `repository:version`; a label in place of the version is resolved now. */
  readonly version: string;
  /** Absent: as it is; loaded if it is new. */
  readonly state?: DeploymentState;
  readonly target?: 'local';
  readonly replicas?: number | { readonly min: number; readonly max?: number; readonly idleSeconds?: number };
  readonly priority?: number;
  readonly resources?: { readonly threads?: number; readonly memory?: number | string | null; readonly cpus?: number | null; readonly pids?: number | null; readonly network?: boolean; readonly storage?: number | string | null };
  readonly batching?: { readonly maxBatch?: number | null; readonly maxDelayMs?: number; readonly queueLengthMax?: number };
  /** These and what follows: null takes them away. */
  readonly quality?: number | string | null;
  readonly latency?: { readonly milliseconds: number; readonly quantile?: number } | null;
  readonly servedMin?: number | null;
  readonly placement?: Readonly<Record<string, string>> | null;
  readonly apartFrom?: readonly string[] | null;
  readonly timeouts?: { readonly requestTimeoutMs?: number; readonly runTimeoutMs?: number; readonly loadTimeoutMs?: number; readonly drainTimeoutMs?: number };
}

/** What `schedule` changes. */
export type ScheduleInput = Pick<DeploymentInput, 'priority' | 'replicas' | 'quality' | 'latency' | 'servedMin' | 'placement' | 'apartFrom'>;

/** Exactly one of weights, version, label; none: see `ServiceInput.traffic`. */
export interface TrafficInput {
  readonly weights?: Readonly<Record<string, number>>;
  readonly version?: string;
  readonly label?: string;
  /** With weights only: percents by version between which the scheduler may move traffic. Absent and null: none. */
  readonly ranges?: Readonly<Record<string, { readonly min?: number; readonly max?: number }>> | null;
  /** With weights only. Absent: none, but a change from weights to weights keeps what was; null: none. */
  readonly sticky?: StickyKey | null;
  /** Absent and null as with `sticky`. */
  readonly default?: string | null;
}

/** Declarative form of a service: what `apply -f` reads. */
export interface ServiceInput {
  readonly name: string;
  readonly deployments: readonly DeploymentInput[];
  /** Absent: unchanged if that is still valid, otherwise all to the first deployment. */
  readonly traffic?: TrafficInput;
}

export interface SpecChange {
  /** `deployments.v2.priority` */
  readonly path: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface ApplyResult {
  readonly service: string;
  /** The revision that is desired now. */
  readonly revision: number;
  /** Empty: nothing to do, no new revision. */
  readonly changes: readonly SpecChange[];
}

export interface ReplicaStatus {
  readonly id: string;
  readonly phase: ReplicaPhase;
  readonly reason: string;
  readonly message: string;
  readonly since: string;
  readonly pid: number | null;
  readonly residentBytes: number | null;
  readonly cpuSeconds: number | null;
  /** How long it waited for its CPU quota. */
  readonly throttledSeconds: number | null;
  /** The most memory that was charged to it; null: not counted on this host. */
  readonly memoryPeakBytes: number | null;
  readonly processes: number | null;
  readonly threads: number | null;
  /** What is asked of its limits, and which of them hold. */
  readonly limits: readonly LimitState[];
  readonly storageBytes: number | null;
  readonly networkReceivedBytes: number | null;
  readonly networkSentBytes: number | null;
  /** null: it has no process. */
  readonly isolation: IsolationReport | null;
}

export interface VersionStatus {
  readonly version: string;
  readonly repository: string;
  readonly digest: string;
  /** What it is asked to do; `phase` is what it does. */
  readonly state: DeploymentState;
  readonly phase: VersionPhase;
  readonly reason: string;
  readonly message: string;
  /** Percent of version-less traffic that it gets now. */
  readonly weight: number;
  /** Part of the desired spec (false: still serving or draining until its successor is ready). */
  readonly desired: boolean;
  readonly priority: number;
  readonly restarts: number;
  /** Replicas that ended for want of memory, since control started. */
  readonly outOfMemory: number;
  /** Limits that were asked for and do not hold, or not as they should. */
  readonly warnings: readonly string[];
  readonly profile: LoadProfile | null;
  /** What one replica needs, as far as it is known. */
  readonly needs: EstimatedProfile;
  readonly demand: VersionDemand | null;
  readonly replicasDesired: number;
  readonly replicas: readonly ReplicaStatus[];
}

/** What is known of a version on one class of host with one number of threads. */
export interface HostProfile {
  readonly hostClass: string;
  readonly threads: number;
  /** The class of this platform's own host. */
  readonly here: boolean;
  /** `peakBytes`: the highest of any start. */
  readonly measured: (LoadProfile & { readonly measuredAt: string; readonly keptLoadMs: number | null }) | null;
  /** `rates`: null while too little was seen. */
  readonly observed: { readonly since: string; readonly updatedAt: string; readonly requests: number; readonly peakBytes: number; readonly rates: ObservedRates | null } | null;
  /** What the scheduler reckons with. */
  readonly scheduler: EstimatedProfile;
}

export interface VersionProfiles {
  readonly digest: string;
  /** Of this platform's own host. */
  readonly hostClass: string;
  readonly storageBytes: number;
  /** This class of host first; empty: never run. */
  readonly profiles: readonly HostProfile[];
}

export interface ServiceStatus {
  readonly name: string;
  readonly spec: ServiceSpec;
  /** Newest revision asked for. */
  readonly revision: number;
  /** Newest revision that the loop has looked at. */
  readonly observedRevision: number;
  /** Revision whose traffic policy is in force; null before the first is ready. */
  readonly servingRevision: number | null;
  readonly conditions: readonly Condition[];
  readonly versions: readonly VersionStatus[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What should run, and the loop that makes it so. All methods reject with LeptonError before anything changed. */
export interface DeploymentEngine {
  listServices(): Promise<readonly ServiceStatus[]>;
  getService(name: string): Promise<ServiceStatus>;
  revisions(name: string): Promise<readonly ServiceRevision[]>;

  /** Makes the service equal to the input; the same input again changes nothing. */
  apply(input: ServiceInput, context: ChangeContext, options?: { dryRun?: boolean }): Promise<ApplyResult>;
  /** Adds a version (creating the service with it at 100 % if need be; otherwise dark unless a weight is given, which the others give up in proportion). */
  deploy(service: string, deployment: DeploymentInput, context: ChangeContext, options?: { weight?: number; dryRun?: boolean }): Promise<ApplyResult>;
  /** Puts a version in the place of another (default: the only one, or the one with all traffic), with its weight and settings, unless set. */
  update(service: string, deployment: DeploymentInput, context: ChangeContext, options?: { from?: string; dryRun?: boolean }): Promise<ApplyResult>;
  /** Removes one version, or the whole service. A version with traffic is refused (PRECONDITION_FAILED) unless it is the last or `force`. */
  undeploy(service: string, version: string | null, context: ChangeContext, options?: { force?: boolean; dryRun?: boolean }): Promise<ApplyResult>;
  setTraffic(service: string, traffic: TrafficInput, context: ChangeContext, options?: { dryRun?: boolean }): Promise<ApplyResult>;
  /** Priority, replicas and objectives of one version. */
  schedule(service: string, version: string, change: ScheduleInput, context: ChangeContext): Promise<ApplyResult>;
  /**
   * Asks versions of a service, or with null all of it, to be loaded, warm, drained or unloaded. Where others stay and none
   * of them would take the traffic, it is refused (PRECONDITION_FAILED) unless `force`.
   */
  setState(service: string, versions: readonly string[] | null, state: DeploymentState, context: ChangeContext, options?: { force?: boolean; dryRun?: boolean }): Promise<ApplyResult>;
  /** New revision equal to an earlier one; default: the one before the current. REVISION_NOT_FOUND; VERSION_NOT_FOUND if a version of it was deleted. */
  rollback(service: string, revision: number | null, context: ChangeContext): Promise<ApplyResult>;

  /** Resolves when the revision serves or has failed, or with the state at the time-out. */
  waitSettled(service: string, revision: number, timeoutMs: number): Promise<ServiceStatus>;
  /** Changes what every gateway logs, until control is started again; resolves when they have taken it over. */
  setLogging(changes: Partial<LogSettings>, context: Pick<ChangeContext, 'by'>): Promise<LogSettings>;
  /** Last lines of a replica's stdout and stderr, ended replicas too while their log is kept. */
  replicaLog(replica: string, options: { tailBytes: number }): Promise<string>;
  /** Replicas that have a log, newest first. */
  listReplicas(filter: { service?: string; version?: string }): Promise<readonly (ReplicaStatus & { service: string; version: string })[]>;

  /** What is known of what a version needs, by class of host and threads. */
  versionProfiles(version: Version): Promise<VersionProfiles>;
  /** Forgets it: the next start measures anew. */
  forgetProfiles(digest: string): Promise<void>;
  /** The scheduler's next plan, of which nothing is done. */
  nextPlan(): Promise<PlanDetails>;
  /** Why a service's versions have what they have. SERVICE_NOT_FOUND. */
  explain(service: string): Promise<Explanation>;
  /** Executed plans, newest first; those before the one with this id. */
  plans(page: { readonly before?: number; readonly limit: number }): Promise<readonly PlanSummary[]>;
  /** PLAN_NOT_FOUND when it was never executed or is not kept any more. */
  plan(id: number): Promise<PlanDetails>;

  /** Adopts what still runs, starts the loop and the gateways. */
  start(): Promise<void>;
  /** Drains gateways and workers and ends them within the grace. */
  stop(options: { graceMs: number }): Promise<void>;
}
