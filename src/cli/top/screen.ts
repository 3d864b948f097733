import { setTimeout as delay } from 'node:timers/promises';
import { HEAD_LINES, picture, type PictureOptions } from './picture.ts';
import { SORTS, type SortKey, type TopRow } from './rows.ts';

const REFRESH_MS = 1_000;
const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';

export interface ScreenOptions {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
  readonly sort: SortKey;
  readonly paint: PictureOptions['paint'];
  /** Rejects when there is no news. */
  readonly fetch: () => Promise<readonly TopRow[]>;
  /** Whoever waits for it is told what went wrong, rather than the screen. */
  readonly isFatal: (error: unknown) => boolean;
}

/** The live picture, until somebody quits: q, Ctrl-C or a signal. The terminal is left as it was, whatever happens. */
export async function runScreen({ input, output, sort, paint, fetch, isFatal }: ScreenOptions): Promise<void> {
  const stop = new AbortController();
  const state = { rows: [] as readonly TopRow[], sort, offset: 0, problem: null as string | null };
  const draw = (): void => {
    const [columns, lines] = [output.columns ?? 80, output.rows ?? 24];
    state.offset = Math.max(0, Math.min(state.offset, state.rows.length - Math.max(1, lines - HEAD_LINES - 1)));
    const shown = picture(state.rows, { columns, lines, sort: state.sort, offset: state.offset, problem: state.problem, time: new Date().toTimeString().slice(0, 8), paint });
    output.write(`${HOME}${shown.map((line) => `${line}${CLEAR_LINE}`).join('\r\n')}${CLEAR_BELOW}`);
  };
  const onKey = (chunk: Buffer): void => {
    const page = Math.max(1, (output.rows ?? 24) - HEAD_LINES - 1);
    for (const key of keysOf(chunk.toString('latin1'))) {
      if (key === 'q' || key === '\u0003') return stop.abort();
      if (Object.hasOwn(SORTS, key)) state.sort = key as SortKey;
      state.offset += { '\u001b[A': -1, k: -1, '\u001b[B': 1, j: 1, '\u001b[5~': -page, '\u001b[6~': page, ' ': page }[key] ?? 0;
      if (key === 'g' || key === '\u001b[H') state.offset = 0;
      if (key === 'G' || key === '\u001b[F') state.offset = state.rows.length;
    }
    draw();
  };
  const quit = (): void => stop.abort();
  output.write(ENTER);
  input.setRawMode(true);
  input.on('data', onKey).resume();
  output.on('resize', draw);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, quit);
  try {
    while (!stop.signal.aborted) {
      try {
        state.rows = await fetch();
        state.problem = null;
      } catch (error) {
        if (isFatal(error)) throw error;
        state.problem = (error as Error).message;
      }
      if (!stop.signal.aborted) draw();
      await delay(REFRESH_MS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, quit);
    output.off('resize', draw);
    input.off('data', onKey).pause();
    input.setRawMode(false);
    output.write(LEAVE);
  }
}

/** Keys that arrived together; an escape sequence is one. */
export const keysOf = (text: string): string[] => text.match(/\u001b\[[0-9;]*[A-Za-z~]|[\s\S]/g) ?? [];
