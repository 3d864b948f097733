import type { Window } from './listener.ts';

export interface Truth {
  readonly seconds: number;
  readonly segments: readonly { readonly startSeconds: number; readonly endSeconds: number }[];
}

/** What was found in some windows, held against the truth. */
export interface Score {
  readonly windows: number;
  readonly speechSeconds: number;
  /** Stretches of windows in a row that were found to be speech. */
  readonly segments: number;
  /** Share of windows that were judged right, 0 to 1. */
  readonly agreement: number;
}

/** A window is speech when more than half of it is. */
function isSpeech(truth: Truth, { startSeconds, endSeconds }: Window): boolean {
  const overlap = truth.segments.reduce((sum, segment) => sum + Math.max(0, Math.min(endSeconds, segment.endSeconds) - Math.max(startSeconds, segment.startSeconds)), 0);
  return overlap > (endSeconds - startSeconds) / 2;
}

export function score(windows: readonly Window[], truth: Truth): Score {
  const found = windows.filter(({ speech }) => speech);
  return {
    windows: windows.length,
    speechSeconds: found.reduce((sum, { startSeconds, endSeconds }) => sum + endSeconds - startSeconds, 0),
    segments: windows.filter(({ speech }, index) => speech && !windows[index - 1]?.speech).length,
    agreement: windows.filter((window) => window.speech === isSpeech(truth, window)).length / Math.max(1, windows.length),
  };
}
