import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { MetricsAnswer } from '../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../api.ts';
import { refreshSeconds } from './live.ts';

/** Steps that a chart shows at most. */
const STEPS_MAX = 240;
const MINUTE = 60;

export interface History {
  readonly answer: MetricsAnswer | null;
  readonly trouble: string | null;
}

/** What the platform has kept of these metrics, read anew as often as it has something new to show. */
export function useHistory(service: string, versions: readonly string[], metrics: readonly string[], windowSeconds: number): History {
  const state = useSignal<History>({ answer: null, trouble: null });
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const step = stepOf(windowSeconds);
    const read = async (): Promise<void> => {
      if (!document.hidden && versions.length) {
        try {
          const answer = await api().queryMetrics({ service, version: [...versions], metric: [...metrics], from: `-${windowSeconds}s`, step });
          if (current) state.value = { answer, trouble: null };
        } catch (error) {
          if (current) state.value = { ...state.value, trouble: messageOf(error) };
        }
      }
      if (current) timer = setTimeout(() => void read(), Math.max(refreshSeconds.value, step) * 1000);
    };
    void read();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [service, versions.join('\n'), windowSeconds]);
  return state.value;
}

/** Whole minutes where the history has only those. */
export function stepOf(windowSeconds: number): number {
  const least = windowSeconds / STEPS_MAX;
  return windowSeconds >= 60 * MINUTE ? Math.ceil(least / MINUTE) * MINUTE : Math.ceil(least);
}
