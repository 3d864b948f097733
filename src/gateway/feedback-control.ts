import type { FeedbackControl } from '../api/inference/index.ts';
import type { FeedbackOutcome } from '../core/index.ts';
import { callControl } from './control-client.ts';

const SEND_TIMEOUT_MS = 30_000;

/** Feedback is control's to keep: what it has not stored is not acknowledged. */
export function createFeedbackControl(controlSocketPath: string): FeedbackControl {
  return {
    send: async (entries) => ((await callControl(controlSocketPath, { method: 'POST', path: '/feedback', body: { entries }, timeoutMs: SEND_TIMEOUT_MS })) as { outcomes: FeedbackOutcome[] }).outcomes,
  };
}
