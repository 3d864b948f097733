/** One connection with at most one request in flight. A connection that broke is made again by the next `send`. */
export interface LoadConnection {
  /** Calls `done` exactly once: with a fault, or with the answer's body, which is valid during the call only. */
  send(request: Uint8Array, done: Done): void;
  close(): void;
}

export type Done = (fault: string | undefined, body: Buffer) => void;

export const NO_BODY = Buffer.alloc(0);
/** Longest wait for an answer, milliseconds. */
export const ANSWER_TIMEOUT_MS = 60_000;
