import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../../core/index.ts';
import type { CallContext, DataPlane } from './dispatch/index.ts';
import type { FeedbackControl } from './feedback.ts';
import type { LogControl } from './log-settings.ts';
import type { ModelControl } from './model-control.ts';

/** One finished call, for logs and counters. */
export interface CallRecord {
  readonly protocol: 'http' | 'grpc';
  readonly requestId: string;
  readonly service: string | null;
  readonly version: string | null;
  /** Of an answer. */
  readonly predictionId: string | null;
  readonly code: ErrorCode | 'OK';
  readonly message: string;
  readonly durationMs: number;
}

/** What every front is built from. */
export interface FrontDependencies {
  readonly plane: DataPlane;
  /** Told of every inference call and of every refusal; must be cheap and never throw. */
  readonly onCall: (record: CallRecord) => void;
  readonly models: ModelControl;
  readonly feedback: FeedbackControl;
  readonly logging: LogControl;
  readonly platformVersion: string;
  /** In the server metadata; absent: `lepton-ai`. */
  readonly serverName?: string;
  readonly limits: FrontLimits;
}

export interface FrontLimits {
  readonly bodyBytesMax: number;
  readonly headerBytesMax: number;
  readonly connectionsMax: number;
  readonly requestReceiveTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
}

const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** A client's own request id when it is short and printable; otherwise a new one. */
export function requestIdOf(call: Pick<CallContext, 'header'>): string {
  const value = call.header('x-request-id');
  return value !== undefined && REQUEST_ID.test(value) ? value : randomUUID();
}
