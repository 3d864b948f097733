/** Metadata by lower-case name. */
export type OutgoingMetadata = Record<string, string | number>;

/** What a handler knows of the call that it serves. */
export interface GrpcCall {
  /** A metadata entry of the client, by lower-case name. */
  header(name: string): string | undefined;
  /** What is left of the client's deadline, milliseconds; undefined: it set none. */
  readonly timeoutMs: number | undefined;
  /** Goes out with the answer or the failure, whichever comes. */
  readonly metadata: OutgoingMetadata;
  /** Calls back once if the call ends before its answer: cancelled, its connection gone, its deadline passed. */
  onCancel(callback: () => void): void;
}

/** An encoded message; parts are sent one after the other. */
export type MessageBytes = Uint8Array | readonly Uint8Array[];

/** One message in, one out. Throws or rejects with LeptonErrors, which become the call's status. */
export type UnaryHandler = (request: Buffer, call: GrpcCall) => MessageBytes | Promise<MessageBytes>;

/** A call with many messages either way. */
export interface MessageStream extends GrpcCall {
  /**
   * The client's messages until it closes its side. No more are read than the handler takes, so that a client that sends
   * faster than it is served waits. Throws when the call ends early, a message cannot be read, or the server stops.
   */
  readonly messages: AsyncIterable<Buffer>;
  /** Until the call ends or the server stops. */
  readonly active: boolean;
  /** Resolves when there is room for the next message; rejects with CANCELLED when the call has ended. */
  write(message: MessageBytes): Promise<void>;
}

/** The stream ends when the promise resolves, or with the status of the LeptonError that it rejects with. */
export type StreamHandler = (stream: MessageStream) => Promise<void>;

export type Method = { readonly unary: UnaryHandler } | { readonly stream: StreamHandler };

/** By path: `/package.Service/Method`. */
export type Methods = ReadonlyMap<string, Method>;

export interface GrpcServerLimits {
  /** Largest message, before and after decompression. */
  readonly messageBytesMax: number;
  readonly headerBytesMax: number;
  readonly connectionsMax: number;
  /** Longest wait for a message to arrive whole, and for a client to take what it is sent. */
  readonly stallTimeoutMs: number;
  /** A connection without calls for this long is asked to leave. */
  readonly idleTimeoutMs: number;
}

/** A gRPC server, whatever transport is beneath it. */
export interface GrpcServer {
  /** Resolves with the real port; rejects when the address cannot be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Takes no new connections or calls; resolves when all calls have ended and connections are closed. */
  shutdown(): Promise<void>;
  /** Cuts everything. */
  destroy(): void;
}
