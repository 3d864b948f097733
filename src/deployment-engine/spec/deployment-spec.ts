import { type BatchingSpec, DEPLOYMENT_STATES, type DeploymentSpec, type DeploymentState, type Digest, parseReference, type ReplicaBounds, type Resources, type TimeoutSpec } from '../../core/index.ts';
import { readBoolean, readCores, readInteger, readMemory, readMilliseconds, readObject, refuse } from './fields.ts';
import { readScheduling, SCHEDULING_KEYS } from './scheduling-spec.ts';

/** What the repository knows of a reference: the version that a name or label stands for. */
export interface ResolvedVersion {
  readonly repository: string;
  readonly version: string;
  readonly digest: Digest;
}

/** Answers for every reference of an input, resolved before the pure part runs. */
export type Resolve = (reference: string) => ResolvedVersion;

/** What a deployment gets where its input is silent. */
export const DEPLOYMENT_DEFAULTS = Object.freeze({
  state: 'loaded' as DeploymentState,
  target: 'local' as const,
  replicas: Object.freeze({ min: 1, max: 1 }),
  priority: 1,
  resources: Object.freeze({ threads: 1, memoryBytes: null, cpus: null, pids: 512, network: false, storageBytes: null }) satisfies Resources,
  batching: Object.freeze({ maxBatch: null, maxDelayMs: 0, queueLengthMax: 1000 }) satisfies BatchingSpec,
  timeouts: Object.freeze({ requestTimeoutMs: 30_000, runTimeoutMs: 60_000, loadTimeoutMs: 120_000, drainTimeoutMs: 30_000 }) satisfies TimeoutSpec,
});
/** What a deployment says of itself besides which version it is. */
export type DeploymentSettings = Omit<DeploymentSpec, 'repository' | 'version' | 'digest'>;

const REPLICAS_MAX = 64;
const IDLE_SECONDS = 300;
const IDLE_SECONDS_MAX = 30 * 86_400;
/** A worker of Node has a dozen threads before it loads anything. */
const PIDS_MIN = 32;
const PIDS_MAX = 4_194_304;
const DAY_MS = 86_400_000;
const DEPLOYMENT_KEYS = ['version', 'state', 'target', 'replicas', 'priority', 'resources', 'batching', 'timeouts', ...SCHEDULING_KEYS] as const;

/** The reference that a deployment's input names. */
export function referenceOf(path: string, input: unknown): string {
  const { version } = readObject(path, input, DEPLOYMENT_KEYS);
  if (typeof version !== 'string') refuse(`${path}.version`, version, 'text of the form repository:version');
  parseReference(version);
  return version;
}

/** Input → defaults (or `base`, for what an update keeps) → validated spec. Throws INVALID_ARGUMENT. */
export function deploymentSpec(path: string, input: unknown, resolve: Resolve, base: DeploymentSettings = DEPLOYMENT_DEFAULTS): DeploymentSpec {
  const fields = readObject(path, input, DEPLOYMENT_KEYS);
  if (fields.target !== undefined && fields.target !== 'local') refuse(`${path}.target`, fields.target, 'local is the only target');
  const { repository, version, digest } = resolve(referenceOf(path, input));
  return {
    repository, version, digest,
    state: readState(`${path}.state`, fields.state, base.state),
    target: 'local',
    replicas: readReplicas(`${path}.replicas`, fields.replicas, base.replicas),
    priority: readInteger(`${path}.priority`, fields.priority, 0, 1000, base.priority),
    resources: readResources(`${path}.resources`, fields.resources, base.resources),
    batching: readBatching(`${path}.batching`, fields.batching, base.batching),
    timeouts: readTimeouts(`${path}.timeouts`, fields.timeouts, base.timeouts),
    ...readScheduling(path, fields, base),
  };
}

export function readState(path: string, value: unknown, base: DeploymentState): DeploymentState {
  if (value === undefined) return base;
  return DEPLOYMENT_STATES.find((state) => state === value) ?? refuse(path, value, `one of ${DEPLOYMENT_STATES.join(', ')}`);
}

/** `3` means exactly three; an object may leave room above `min`, and with `min` 0 the version sleeps while nobody asks. */
export function readReplicas(path: string, value: unknown, base: ReplicaBounds): ReplicaBounds {
  if (value === undefined) return base;
  if (value === 0) refuse(path, value, 'a version that is loaded on demand is {min: 0, max: 1} (--replicas 0..1); one that shall not run is unloaded (lepton-ai unload)');
  if (typeof value === 'number') {
    const count = readInteger(path, value, 1, REPLICAS_MAX, 1);
    return { min: count, max: count };
  }
  const fields = readObject(path, value, ['min', 'max', 'idleSeconds']);
  if (fields.min === undefined) refuse(`${path}.min`, fields.min, 'it must be given');
  const min = readInteger(`${path}.min`, fields.min, 0, REPLICAS_MAX, 1);
  const least = Math.max(1, min);
  const max = readInteger(`${path}.max`, fields.max, least, REPLICAS_MAX, least);
  if (min === 0) return { min, max, idleSeconds: readInteger(`${path}.idleSeconds`, fields.idleSeconds, 1, IDLE_SECONDS_MAX, base.idleSeconds ?? IDLE_SECONDS) };
  if (fields.idleSeconds !== undefined) refuse(`${path}.idleSeconds`, fields.idleSeconds, `only a version with min 0 leaves memory when it is idle; min is ${min}`);
  return { min, max };
}

export const readPriority = (path: string, value: unknown, base: number): number => readInteger(path, value, 0, 1000, base);

function readResources(path: string, value: unknown, base: Resources): Resources {
  const fields = readObject(path, value ?? {}, ['threads', 'memory', 'cpus', 'pids', 'network', 'storage']);
  return {
    threads: readInteger(`${path}.threads`, fields.threads, 1, 256, base.threads),
    memoryBytes: readMemory(`${path}.memory`, fields.memory, base.memoryBytes),
    cpus: readCores(`${path}.cpus`, fields.cpus, base.cpus),
    pids: fields.pids === null ? null : fields.pids === undefined ? base.pids : readInteger(`${path}.pids`, fields.pids, PIDS_MIN, PIDS_MAX, PIDS_MIN),
    network: readBoolean(`${path}.network`, fields.network, base.network),
    storageBytes: readMemory(`${path}.storage`, fields.storage, base.storageBytes),
  };
}

function readBatching(path: string, value: unknown, base: BatchingSpec): BatchingSpec {
  const fields = readObject(path, value ?? {}, ['maxBatch', 'maxDelayMs', 'queueLengthMax']);
  return {
    maxBatch: fields.maxBatch === null ? null : fields.maxBatch === undefined ? base.maxBatch : readInteger(`${path}.maxBatch`, fields.maxBatch, 1, 65_536, 1),
    maxDelayMs: readMilliseconds(`${path}.maxDelayMs`, fields.maxDelayMs, 0, 60_000, base.maxDelayMs),
    queueLengthMax: readInteger(`${path}.queueLengthMax`, fields.queueLengthMax, 1, 1_000_000, base.queueLengthMax),
  };
}

function readTimeouts(path: string, value: unknown, base: TimeoutSpec): TimeoutSpec {
  const fields = readObject(path, value ?? {}, ['requestTimeoutMs', 'runTimeoutMs', 'loadTimeoutMs', 'drainTimeoutMs']);
  return {
    requestTimeoutMs: readMilliseconds(`${path}.requestTimeoutMs`, fields.requestTimeoutMs, 1, DAY_MS, base.requestTimeoutMs),
    runTimeoutMs: readMilliseconds(`${path}.runTimeoutMs`, fields.runTimeoutMs, 1, DAY_MS, base.runTimeoutMs),
    loadTimeoutMs: readMilliseconds(`${path}.loadTimeoutMs`, fields.loadTimeoutMs, 1, DAY_MS, base.loadTimeoutMs),
    drainTimeoutMs: readMilliseconds(`${path}.drainTimeoutMs`, fields.drainTimeoutMs, 0, DAY_MS, base.drainTimeoutMs),
  };
}
