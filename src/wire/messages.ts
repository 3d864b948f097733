/**
 * What the frames say. Three kinds of connection, all to a Unix socket that the named side listens on:
 *
 *   control ──▶ worker    hello(role control) · ping/pong · stop · status (pushed by the worker on every change)
 *   gateway ──▶ worker    hello(role gateway) · infer → inferResult | failure
 *   control ──▶ gateway   hello(role control) · routingTable → routingAck · demand (pushed by the gateway) · wake · replicaTrouble · ping/pong · stop
 */
import type { Digest, ErrorCode, LoadProfile, ReplicaReason, RoutingTable } from '../core/index.ts';

export interface HelloMessage {
  readonly role: 'control' | 'gateway';
  /** Secret of the one instance meant; a worker or gateway that has another closes the connection. */
  readonly token: string;
}

export interface HelloAnswer {
  readonly pid: number;
  /** Replica id, or gateway id. */
  readonly instance: string;
  readonly startedAt: string;
  /** Of a gateway: the addresses that it really listens on. */
  readonly ports?: ListeningPorts;
  /** It has been asked to leave and takes nothing new; who finds it again must not count on it. */
  readonly stopping?: true;
}

/** A gateway's real addresses, also written to `<config file>.ports` once it listens. */
export interface ListeningPorts {
  readonly http: { readonly host: string; readonly port: number };
  readonly grpc: { readonly host: string; readonly port: number } | null;
}

/** Worker → control. `failed` is followed by the worker's exit. */
export interface WorkerStatus {
  readonly phase: 'loading' | 'ready' | 'failed';
  readonly reason: ReplicaReason;
  readonly message: string;
  /** With `ready`. */
  readonly profile?: LoadProfile;
}

/** A tensor in an infer frame: its bytes follow in the body, in the order in which tensors are named. */
export interface WireTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  /** Bytes in the body. */
  readonly bytes: number;
}

/** Gateway → worker. Several items are run as one batch along dimension 0 (the gateway only merges what fits). */
export interface InferMessage {
  readonly items: readonly InferItem[];
}
export interface InferItem {
  readonly inputs: readonly WireTensor[];
  /** Names of the outputs wanted; absent: all. */
  readonly outputs?: readonly string[];
}

/** Worker → gateway, one entry an item in the same order. */
export interface InferResultMessage {
  readonly items: readonly (InferResultItem | InferFailureItem)[];
  /** Time inside the runtime, nanoseconds. */
  readonly runNs: number;
  /** Merging inputs and splitting outputs, nanoseconds. */
  readonly inputNs: number;
  readonly outputNs: number;
  /** Rows that ran together. */
  readonly batchSize: number;
}
export interface InferResultItem {
  readonly outputs: readonly WireTensor[];
}
export interface InferFailureItem {
  readonly code: ErrorCode;
  readonly error: string;
}

/** Control → gateway. */
export type RoutingTableMessage = RoutingTable;
/** Gateway → control: this table is the one that new requests read. */
export interface RoutingAck {
  readonly generation: number;
}

/** Gateway → control, every half second and at once when a replica that left the table has no request in flight any more. */
export interface DemandMessage {
  readonly generation: number;
  /** Requests in flight by replica id; replicas that left the table stay until 0 and then are absent. */
  readonly inFlight: Readonly<Record<string, number>>;
  readonly versions: readonly VersionDemand[];
}
export interface VersionDemand {
  readonly service: string;
  readonly version: string;
  readonly digest: Digest;
  readonly queueLength: number;
  /** Requests that replicas have. */
  readonly inFlight: number;
  /** Since the gateway started: answered, failed or refused. */
  readonly requests: number;
  /** Of these, refused because the queue was full. */
  readonly refused: number;
  /** Without what the client or the load is to blame for (bad input, cancelled, queue full). */
  readonly failures: number;
  readonly batches: number;
  readonly work: WorkDone;
  /** Rows of the batches that are formed now: what the spec asks for, or else what serving has found best. */
  readonly batchRows: number;
  /** Milliseconds over the last 1,024 answered requests; null before the first. */
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
}

/** What workers have run of a version, summed since the gateway began to count. */
export interface WorkDone {
  /** Each time that a request was part of a run. */
  readonly requests: number;
  readonly rows: number;
  readonly runs: number;
  /** As workers told: merging, running and splitting, a run at most for ten times what runs take lately; and the sum of the squares. */
  readonly runSeconds: number;
  readonly runSecondsSquared: number;
  /** Tensors of the requests and of the answers. */
  readonly inputBytes: number;
  readonly outputBytes: number;
}

/**
 * Gateway → control: a question in HTTP's terms, a client's or one of its own; the body is the request's. The answer has the
 * same id and the response's body.
 */
export interface CallMessage {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Asked by the gateway itself: paths under /internal are open to it, and to nobody else. */
  readonly own: boolean;
}
export interface CallAnswerMessage {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}
/** An answer with its body. */
export interface CallAnswer extends CallAnswerMessage {
  readonly body: Uint8Array;
}
/** Answers gateways' questions; never rejects. */
export type AnswerCall = (call: CallMessage, body: Uint8Array) => Promise<CallAnswer>;

/** Gateway → control: look at this replica. */
export interface ReplicaTrouble {
  readonly replica: string;
  readonly kind: 'run-timeout' | 'disconnected';
  readonly message: string;
}

/** Gateway → control: a request waits for a version that is asleep. Once for each sleep; demand says it again each second. */
export interface WakeMessage {
  readonly service: string;
  readonly version: string;
}

/** Either side, in place of an answer. */
export interface FailureMessage {
  readonly code: ErrorCode;
  readonly error: string;
}

export interface StopMessage {
  /** Finish what is in flight for at most this long, then leave. */
  readonly graceMs: number;
  readonly reason: string;
}
