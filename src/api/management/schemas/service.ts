import { Type } from 'typebox';
import { DEPLOYMENT_STATES } from '../../../core/index.ts';
import { closed, DigestText, ExpectRevision, mapOf, Name, nullable, Reason, Strings, Time } from './common.ts';
import { IsolationReport, LimitState } from './isolation.ts';
import { EstimatedProfile, loadProfileFields } from './profile.ts';

const RepositoryReference = Type.String({ minLength: 3, maxLength: 257, description: '`repository:version`; a label in place of the version is resolved now.' });
const milliseconds = (description: string) => Type.Number({ description });

const ReplicasInput = Type.Union([Type.Integer(), closed({ min: Type.Integer(), max: Type.Optional(Type.Integer()), idleSeconds: Type.Optional(Type.Integer()) })], { description: 'A number, or {min, max}. With min 0 the version is loaded on demand: it leaves memory after `idleSeconds` (300) without a request, and the next request waits until it is loaded again.' });

const DeploymentState = Type.Enum([...DEPLOYMENT_STATES], { title: 'DeploymentState', description: 'loaded: takes its traffic. warm: in memory, only requests that name it. drained: in memory, no new requests. unloaded: not in memory.' });

const Priority = Type.Integer({ description: 'What one request is worth beside those of other versions where not all can be served, 0 to 1000, default 1; 0: answered with what nobody else wants.' });
const Latency = closed({ milliseconds: Type.Number(), quantile: Type.Optional(Type.Number({ description: 'Share of the requests, default 0.99.' })) });
const Quality = Type.Union([Type.Number(), Type.String()], { description: 'Worth of an answer, or the name of a metric in the version’s metadata.' });
const Placement = mapOf(Type.String(), 'Labels that a node must have.');
const ApartFrom = Strings('Versions that may not be on the same node: names of the same service, or service:version; its own name: at most one replica a node.');
const ServedMin = Type.Number({ description: 'Share of the demand that must be served, 0 to 1.' });

/** What a deployment says to the scheduler; null takes it away. */
const schedulingInput = {
  quality: Type.Optional(nullable(Quality, 'Absent: a metric that all versions of the service have, or 1.')),
  latency: Type.Optional(nullable(Latency, 'Within which so many requests shall be answered.')),
  servedMin: Type.Optional(nullable(ServedMin)),
  placement: Type.Optional(nullable(Placement)),
  apartFrom: Type.Optional(nullable(ApartFrom)),
};

/** What people write for one version in a service. */
export const DeploymentInput = closed(
  {
    version: RepositoryReference,
    state: Type.Optional(Type.Enum([...DEPLOYMENT_STATES], { description: 'Absent: as it is; loaded if it is new.' })),
    target: Type.Optional(Type.Literal('local')),
    replicas: Type.Optional(ReplicasInput),
    priority: Type.Optional(Priority),
    ...schedulingInput,
    resources: Type.Optional(closed({ threads: Type.Optional(Type.Integer()), memory: Type.Optional(Type.Union([Type.Number(), Type.String(), Type.Null()], { description: 'Bytes, or text such as `512MiB`.' })), cpus: Type.Optional(nullable(Type.Number(), 'Cores at most, for example 0.5; null: no limit.')), pids: Type.Optional(nullable(Type.Integer(), 'Processes and threads at most; null: no limit. Default: 512.')), network: Type.Optional(Type.Boolean({ description: 'May use the machine\'s network. Default: false, the version has none.' })), storage: Type.Optional(Type.Union([Type.Number(), Type.String(), Type.Null()], { description: 'Bytes of temporary files and caches, or text such as `2GiB`. Default and null: 1 GiB.' })) })),
    batching: Type.Optional(
      closed({
        maxBatch: Type.Optional(nullable(Type.Integer(), 'null: what was measured at load.')),
        maxDelayMs: Type.Optional(milliseconds('Longest wait for company; 0: take what is queued.')),
        queueLengthMax: Type.Optional(Type.Integer()),
      }),
    ),
    timeouts: Type.Optional(
      closed({
        requestTimeoutMs: Type.Optional(milliseconds('Deadline of a request that brings none.')),
        runTimeoutMs: Type.Optional(milliseconds('Longest single run; more counts as hung.')),
        loadTimeoutMs: Type.Optional(milliseconds('Longest load with known answers and warm-up.')),
        drainTimeoutMs: Type.Optional(milliseconds('Longest wait for requests in flight.')),
      }),
    ),
  },
  { title: 'DeploymentInput' },
);

const StickyKey = Type.Union([closed({ header: Type.String() }), closed({ parameter: Type.String() })], { title: 'StickyKey', description: 'Requests with the same value of this header or request parameter get the same version.' });

export const TrafficInput = closed(
  {
    weights: Type.Optional(mapOf(Type.Number(), 'Percent by version, sum 100; 0: dark.')),
    ranges: Type.Optional(nullable(mapOf(closed({ min: Type.Optional(Type.Number()), max: Type.Optional(Type.Number()) }), 'With weights only: percents between which the scheduler may move traffic; weights are where it begins.'))),
    version: Type.Optional(Type.String({ description: 'All to this version.' })),
    label: Type.Optional(Type.String({ description: 'All to the version that this label points to.' })),
    sticky: Type.Optional(nullable(StickyKey, 'With weights only. Absent: none, but setTraffic from weights to weights keeps what was; null: none.')),
    default: Type.Optional(nullable(Type.String(), 'Answers metadata without a version. Absent and null as with sticky.')),
  },
  { title: 'TrafficInput', description: 'Exactly one of weights, version and label.' },
);

export const ServiceInput = closed(
  { name: Type.Optional(Name), deployments: Type.Array(DeploymentInput, { minItems: 1, maxItems: 256 }), traffic: Type.Optional(TrafficInput), reason: Reason, expectRevision: ExpectRevision },
  { title: 'ServiceInput', description: 'Declarative form of a service; the same again changes nothing.' },
);

const context = { reason: Reason, expectRevision: ExpectRevision };
export const DeployRequest = closed({ deployment: DeploymentInput, weight: Type.Optional(Type.Number({ description: 'Percent of traffic; the others give it up in proportion.' })), ...context }, { title: 'DeployRequest' });
export const UpdateRequest = closed({ deployment: DeploymentInput, from: Type.Optional(Type.String({ description: 'The version to replace; absent: the only one, or the one with all traffic.' })), ...context }, { title: 'UpdateRequest' });
export const TrafficRequest = closed({ traffic: TrafficInput, ...context }, { title: 'TrafficRequest' });
export const ScheduleRequest = closed({ priority: Type.Optional(Priority), replicas: Type.Optional(ReplicasInput), ...schedulingInput, ...context }, { title: 'ScheduleRequest' });
export const StateRequest = closed({ state: DeploymentState, force: Type.Optional(Type.Boolean({ description: 'Also where nobody is left to answer requests that name no version.' })), ...context }, { title: 'StateRequest' });
export const RollbackRequest = closed({ revision: Type.Optional(nullable(Type.Integer({ minimum: 1 }), 'Absent or null: the one before the current.')), ...context }, { title: 'RollbackRequest' });

const DeploymentSpec = closed(
  {
    repository: Name,
    version: Name,
    digest: DigestText,
    state: DeploymentState,
    target: Type.Literal('local'),
    replicas: closed({ min: Type.Integer(), max: Type.Integer(), idleSeconds: Type.Optional(Type.Integer({ description: 'With min 0 only.' })) }),
    priority: Type.Integer(),
    quality: Type.Optional(Quality),
    latency: Type.Optional(closed({ milliseconds: Type.Number(), quantile: Type.Number() })),
    servedMin: Type.Optional(ServedMin),
    placement: Type.Optional(Placement),
    apartFrom: Type.Optional(ApartFrom),
    resources: closed({ threads: Type.Integer(), memoryBytes: nullable(Type.Number()), cpus: nullable(Type.Number()), pids: nullable(Type.Integer()), network: Type.Boolean(), storageBytes: nullable(Type.Number()) }),
    batching: closed({ maxBatch: nullable(Type.Integer()), maxDelayMs: Type.Number(), queueLengthMax: Type.Integer() }),
    timeouts: closed({ requestTimeoutMs: Type.Number(), runTimeoutMs: Type.Number(), loadTimeoutMs: Type.Number(), drainTimeoutMs: Type.Number() }),
  },
  { title: 'DeploymentSpec' },
);

const TrafficPolicy = Type.Union(
  [
    closed({ kind: Type.Literal('weights'), weights: mapOf(Type.Number(), 'Percent by version.'), sticky: nullable(StickyKey), defaultVersion: nullable(Type.String()), ranges: Type.Optional(mapOf(closed({ min: Type.Number(), max: Type.Number() }), 'Percents between which the scheduler may move traffic.')) }),
    closed({ kind: Type.Literal('version'), version: Type.String(), defaultVersion: nullable(Type.String()) }),
    closed({ kind: Type.Literal('label'), repository: Type.String(), label: Type.String(), defaultVersion: nullable(Type.String()) }),
  ],
  { title: 'TrafficPolicy' },
);

export const ServiceSpec = closed({ name: Name, deployments: Type.Array(DeploymentSpec), traffic: TrafficPolicy }, { title: 'ServiceSpec' });

export const ServiceRevision = closed(
  { service: Name, revision: Type.Integer(), spec: ServiceSpec, createdAt: Time, createdBy: Type.String(), reason: Type.String() },
  { title: 'ServiceRevision' },
);

const replicaFields = {
  id: Type.String(),
  phase: Type.Enum(['pending', 'starting', 'ready', 'draining', 'stopped', 'failed']),
  reason: Type.String(),
  message: Type.String(),
  since: Time,
  pid: nullable(Type.Integer()),
  residentBytes: nullable(Type.Number()),
  cpuSeconds: nullable(Type.Number()),
  throttledSeconds: nullable(Type.Number(), 'How long it waited for its CPU quota.'),
  memoryPeakBytes: nullable(Type.Number(), 'The most memory that was charged to it; null: not counted on this host.'),
  processes: nullable(Type.Integer()),
  threads: nullable(Type.Integer(), 'Over all its processes.'),
  limits: Type.Array(LimitState),
  storageBytes: nullable(Type.Number(), 'Of temporary files and caches.'),
  networkReceivedBytes: nullable(Type.Number(), 'Through its own network namespace; null where it uses the machine\'s.'),
  networkSentBytes: nullable(Type.Number()),
  isolation: nullable(IsolationReport),
};
const ReplicaStatus = closed(replicaFields, { title: 'ReplicaStatus' });
export const Replica = closed({ ...replicaFields, service: Type.String(), version: Type.String() }, { title: 'Replica' });

const LoadProfile = closed(loadProfileFields, { title: 'LoadProfile', description: 'What a worker measured when it loaded.' });

const VersionDemand = closed(
  {
    service: Type.String(),
    version: Type.String(),
    digest: Type.String(),
    queueLength: Type.Integer(),
    inFlight: Type.Integer({ description: 'Requests that replicas have.' }),
    requests: Type.Integer({ description: 'Since the gateway started: answered, failed or refused.' }),
    refused: Type.Integer({ description: 'Of these, refused because the queue was full.' }),
    failures: Type.Integer(),
    batches: Type.Integer(),
    work: closed(
      { requests: Type.Integer(), rows: Type.Integer(), runs: Type.Integer(), runSeconds: Type.Number(), runSecondsSquared: Type.Number(), inputBytes: Type.Number(), outputBytes: Type.Number() },
      { title: 'WorkDone', description: 'What workers have run, summed since the gateway began to count; bytes are those of tensors.' },
    ),
    batchRows: Type.Integer({ description: 'Rows of the batches that are formed now: what the spec asks for, or else what serving has found best.' }),
    latencyP50Ms: nullable(Type.Number()),
    latencyP99Ms: nullable(Type.Number()),
  },
  { title: 'VersionDemand' },
);

const VersionStatus = closed(
  {
    version: Type.String(),
    repository: Type.String(),
    digest: Type.String(),
    state: DeploymentState,
    phase: Type.Enum(['ready', 'recovering', 'asleep', 'waking', 'starting', 'failed', 'draining', 'drained', 'unloaded']),
    reason: Type.String(),
    message: Type.String(),
    weight: Type.Number({ description: 'Percent of version-less traffic that it gets now.' }),
    desired: Type.Boolean({ description: 'false: serving or draining until its successor is ready.' }),
    priority: Type.Integer(),
    restarts: Type.Integer(),
    outOfMemory: Type.Integer({ description: 'Replicas that ended for want of memory, since control started.' }),
    warnings: Type.Array(Type.String(), { description: 'Limits that were asked for and do not hold, or not as they should.' }),
    profile: nullable(LoadProfile),
    needs: EstimatedProfile,
    demand: nullable(VersionDemand),
    replicasDesired: Type.Integer(),
    replicas: Type.Array(ReplicaStatus),
  },
  { title: 'VersionStatus' },
);

const Condition = closed(
  { type: Type.Enum(['Ready', 'Progressing', 'Degraded']), status: Type.Boolean(), reason: Type.String(), message: Type.String(), since: Time },
  { title: 'Condition' },
);

export const ServiceStatus = closed(
  {
    name: Name,
    spec: ServiceSpec,
    revision: Type.Integer({ description: 'Newest revision asked for.' }),
    observedRevision: Type.Integer({ description: 'Newest revision that the engine has looked at.' }),
    servingRevision: nullable(Type.Integer(), 'Revision whose traffic policy is in force.'),
    conditions: Type.Array(Condition),
    versions: Type.Array(VersionStatus),
    createdAt: Time,
    updatedAt: Time,
  },
  { title: 'ServiceStatus' },
);

export const ChangeResult = closed(
  {
    service: Name,
    revision: Type.Integer({ description: 'The revision that is desired now.' }),
    changes: Type.Array(closed({ path: Type.String(), from: Type.Optional(Type.Unknown()), to: Type.Optional(Type.Unknown()) }, { title: 'SpecChange' }), { description: 'Empty: nothing to do, no new revision.' }),
    status: Type.Optional(nullable(ServiceStatus, 'With `wait`: the state at the end of it; null: the service is gone.')),
  },
  { title: 'ChangeResult' },
);

export const ReplicaLog = closed({ replica: Type.String(), text: Type.String() }, { title: 'ReplicaLog' });
