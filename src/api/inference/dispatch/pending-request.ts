import type { ErrorCode, LeptonError, Tensor } from '../../../core/index.ts';
import type { InferItem } from '../../../wire/index.ts';
import { type Expiring, QueueEntry } from '../batching/index.ts';
import type { InferenceAnswer, InferenceRequest } from '../codec/index.ts';
import type { VersionLane } from './version-lane.ts';

/**
 * One request from arrival to answer:
 *
 *            ┌────────────── replica lost, once ──────────────┐
 *            ▼                                                │
 *   new ─▶ queued ─▶ running ─▶ done(answer)                  │
 *            │          ├──────────────────────────────────────┘
 *            └──────────┴─▶ done(error): deadline, cancelled, refused, model error
 */
export class PendingRequest extends QueueEntry implements Expiring {
  readonly request: InferenceRequest;
  readonly stickyKey: string | undefined;
  readonly arrivedAtMs: number;
  heapIndex = -1;
  /** Runs begun; a replica's death costs one. */
  attempts = 0;
  lane: VersionLane | null = null;
  state: 'queued' | 'running' | 'done' = 'queued';
  startedAtMs = 0;
  /** What goes to the worker; prepared when the version is known. */
  item: InferItem | null = null;
  body: readonly Uint8Array[] = [];
  readonly #settle: (error: LeptonError | null, answer: InferenceAnswer | null) => void;

  constructor(request: InferenceRequest, priority: number, stickyKey: string | undefined, nowMs: number, settle: (error: LeptonError | null, answer: InferenceAnswer | null) => void) {
    super(priority);
    this.request = request;
    this.stickyKey = stickyKey;
    this.arrivedAtMs = nowMs;
    this.#settle = settle;
  }

  get open(): boolean {
    return this.state !== 'done';
  }

  /** Checked inputs in the signature's order, as they go over the wire. */
  prepare(inputs: readonly Tensor[]): void {
    this.item = {
      inputs: inputs.map(({ name, datatype, shape, data }) => ({ name, datatype, shape, bytes: data.byteLength })),
      ...(this.request.outputs && { outputs: this.request.outputs.map((output) => output.name) }),
    };
    this.body = inputs.map((tensor) => tensor.data);
    this.bytes = inputs.reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
  }

  /** What was prepared; nothing once it has ended. */
  inputs(): readonly Tensor[] {
    return (this.item?.inputs ?? []).map(({ name, datatype, shape }, index) => ({ name, datatype: datatype as Tensor['datatype'], shape, data: this.body[index] as Uint8Array }));
  }

  /** Ends it; whoever asks second gets false. */
  finish(error: LeptonError | null, answer: InferenceAnswer | null): boolean {
    if (this.state === 'done') return false;
    this.state = 'done';
    this.body = [];
    this.item = null;
    this.#settle(error, answer);
    return true;
  }
}

/** Answers of a worker that say that the replica, not the request, is at fault. */
export const REPLICA_FAULTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['REPLICA_FAILED', 'SHUTTING_DOWN', 'VERSION_NOT_READY']);
