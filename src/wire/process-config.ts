/**
 * What control writes to a file and hands to the programs that it starts (the file's path is the program's only argument).
 * The same file lets a restarted control find the program again.
 */
import type { BatchingHint, Digest, LoadProfile, ModelFormat, Resources, Signature, TimeoutSpec } from '../core/index.ts';

export interface WorkerConfig {
  readonly replica: string;
  readonly service: string;
  readonly version: string;
  readonly digest: Digest;
  /** Secret that a hello must bring. */
  readonly token: string;
  /** Where the worker listens. Its parent directory exists, mode 0700. */
  readonly socketPath: string;
  readonly format: ModelFormat;
  /** Directory with the artefact's files, read-only by contract. */
  readonly modelDirectory: string;
  readonly entry: string;
  readonly signature: Signature;
  readonly batching: BatchingHint | null;
  readonly resources: Resources;
  readonly timeouts: TimeoutSpec;
  /** What an earlier start of this version on this class of host has measured, with as many threads: not measured again. null: nothing. */
  readonly profile: LoadProfile | null;
  /** Without any control connection for this long, drain and leave. */
  readonly orphanGraceMs: number;
}

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port (the gateway reports it in its config file's neighbour `<file>.ports`). */
  readonly port: number;
}

export interface GatewayLimits {
  /** Largest request body (HTTP after decompression, gRPC message). */
  readonly bodyBytesMax: number;
  readonly headerBytesMax: number;
  readonly connectionsMax: number;
  /** Longest wait for a request's head and body to arrive. */
  readonly requestReceiveTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Of all transfers to and from control while inference is served. */
  readonly transferBytesPerSecond: number;
}

export interface GatewayConfig {
  readonly gateway: string;
  readonly token: string;
  /** Where control dials in. */
  readonly socketPath: string;
  /** Where the management API listens; /api, / and the OpenAPI document are sent on to it. */
  readonly controlSocketPath: string;
  readonly http: ListenAddress;
  /** null: no gRPC. */
  readonly grpc: ListenAddress | null;
  readonly limits: GatewayLimits;
  readonly logLevel: string;
  readonly orphanGraceMs: number;
  /** Of the check bits of prediction ids: 16 hexadecimal digits. */
  readonly predictionKey: string;
  /** Both shown by server metadata. */
  readonly serverName?: string;
  readonly platformVersion: string;
}
