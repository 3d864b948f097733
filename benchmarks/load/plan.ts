import type { Expectation } from './expectation.ts';

/** One request, ready to be written to a socket. */
export interface PreparedRequest {
  /** A whole HTTP/1.1 request, or a gRPC message with its prefix of five bytes. */
  readonly bytes: Uint8Array;
  readonly expect: Expectation;
}

/** What a load process sends, and how. */
export interface LoadPlan {
  readonly protocol: 'http' | 'grpc';
  readonly port: number;
  /** Connections, each with at most one request in flight. */
  readonly clients: number;
  /** Sent in turn. */
  readonly requests: readonly PreparedRequest[];
  /** gRPC: `/inference.GRPCInferenceService/ModelInfer` or another method. */
  readonly method?: string;
  /**
   * Requests a second of all clients together, each timed from the moment at which it was due, so that a stall counts
   * for every request that it held up. Absent: each client sends again as soon as it is answered.
   */
  readonly ratePerSecond?: number;
  /** Every n-th answer is compared with what is expected; the first of each connection always. */
  readonly checkEvery?: number;
}

/** Of the answered requests, microseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly mean: number;
}

/** What happened since the last snapshot. */
export interface LoadSnapshot {
  readonly seconds: number;
  /** Answered well. */
  readonly requests: number;
  readonly failures: number;
  /** Failures by what went wrong. */
  readonly faults: Readonly<Record<string, number>>;
  readonly checked: number;
  readonly latencyUs: Latencies;
  /** CPU time of the load process itself. */
  readonly clientCpuSeconds: number;
}
