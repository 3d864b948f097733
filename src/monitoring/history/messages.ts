import type { HistoryAnswer, HistoryQuery, TotalsQuery } from './query.ts';

export interface ThreadData {
  readonly file: string;
  readonly bytesMax: number;
}

/** To the history's thread. */
export type ThreadRequest =
  | { readonly kind: 'write'; readonly id: number; readonly report: Uint8Array }
  | { readonly kind: 'query'; readonly id: number; readonly query: HistoryQuery; readonly now: number }
  | { readonly kind: 'totals'; readonly id: number; readonly query: TotalsQuery; readonly now: number }
  | { readonly kind: 'close'; readonly id: number };

export interface ThreadState {
  /** Of the file, in use. */
  readonly usedBytes: number;
  /** What the last write met; null: nothing. */
  readonly problem: string | null;
  readonly setAside: string | null;
}

export interface HistoryTotals {
  readonly from: number;
  readonly to: number;
  /** By version, encoded; those of which nothing is known are not there. */
  readonly samples: ReadonlyMap<string, Uint8Array>;
}

/** From it: the answer to the request of the same id. */
export interface ThreadReply {
  readonly id: number;
  readonly state: ThreadState;
  readonly answer?: HistoryAnswer;
  readonly totals?: HistoryTotals;
  /** Of LeptonError where `code` is there. */
  readonly error?: { readonly code: 'INVALID_ARGUMENT' | 'DATABASE_UNAVAILABLE' | 'INTERNAL'; readonly message: string };
}
