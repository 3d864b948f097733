import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { LogMessage, LogQuery } from '../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../api.ts';

export type LogLine = Extract<LogMessage, { readonly kind: 'line' }>['data'];

/** Lines that the page holds. */
export const LINES_MAX = 2000;
const TAIL = 500;
/** A flood is drawn this often. */
const DRAW_MS = 200;
const RETRY_MS = 3000;

export interface LogLines {
  readonly lines: readonly LogLine[] | null;
  /** Bytes that came too fast to be sent. */
  readonly skippedBytes: number;
  readonly trouble: string | null;
}

/** The lines that fit, and each new one while `following`. Asked for anew when the query changes. */
export function useLogLines(query: LogQuery, following: boolean): LogLines {
  const state = useSignal<LogLines>({ lines: null, skippedBytes: 0, trouble: null });
  useEffect(() => {
    const end = new AbortController();
    let lines: LogLine[] = [];
    let skippedBytes = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const draw = (): void => {
      timer = undefined;
      if (!end.signal.aborted) state.value = { lines: [...lines], skippedBytes, trouble: null };
    };
    const take = (message: LogMessage): void => {
      if (message.kind === 'skipped') skippedBytes += message.data.bytes;
      else lines = [...lines.slice(-(LINES_MAX - 1)), message.data];
      timer ??= setTimeout(draw, DRAW_MS);
    };
    const read = async (): Promise<void> => {
      try {
        lines = [...(await api().queryLogs({ ...query, tail: TAIL })).lines];
        draw();
        if (!following) return;
        for await (const message of api().followLogs({ ...query, tail: 0 }, end.signal)) take(message);
      } catch (error) {
        if (!end.signal.aborted) state.value = { ...state.value, trouble: messageOf(error) };
      }
      if (!end.signal.aborted) timer = setTimeout(() => void read(), RETRY_MS);
    };
    void read();
    return () => {
      end.abort();
      clearTimeout(timer);
    };
  }, [JSON.stringify(query), following]);
  return state.value;
}
