import type { FeedbackControl } from '../api/inference/index.ts';
import type { FeedbackOutcome } from '../core/index.ts';
import type { ControlCalls } from './control-calls.ts';
import { callControl } from './control-client.ts';

const SEND_TIMEOUT_MS = 30_000;

/** Feedback is control's to keep: what it has not stored is not acknowledged. */
export function createFeedbackControl(calls: ControlCalls): FeedbackControl {
  return {
    send: async (entries) => (JSON.parse(await callControl(calls, { method: 'POST', path: '/feedback', body: { entries }, timeoutMs: SEND_TIMEOUT_MS })) as { outcomes: FeedbackOutcome[] }).outcomes,
  };
}
