import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { api, messageOf } from '../api.ts';
import { whole } from '../format.ts';
import { t } from '../i18n/index.ts';
import { logText, visible } from '../text.ts';
import { Loading } from './empty.tsx';

const TAIL_BYTES = 512 * 1024;
const FOLLOW_MS = 1500;
/** Lines that the page holds; what is searched is all of the tail. */
const LINES_MAX = 2000;
const LINE_CHARACTERS_MAX = 4000;

/** The end of what a replica wrote, going on while it is followed. */
export function LogText({ replica }: { readonly replica: string }) {
  const text = useSignal<string | null>(null);
  const trouble = useSignal<string | null>(null);
  const search = useSignal('');
  const following = useSignal(true);
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout>;
    const read = async (): Promise<void> => {
      try {
        const found = await api().replicaLog(replica, { tailBytes: TAIL_BYTES });
        if (current) [text.value, trouble.value] = [found, null];
      } catch (error) {
        if (current) trouble.value = messageOf(error);
      }
      if (current && following.value) timer = setTimeout(() => void read(), FOLLOW_MS);
    };
    void read();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [replica, following.value]);
  const wanted = search.value.toLowerCase();
  const lines = logText(text.value ?? '').split('\n').filter((line) => line && (!wanted || line.toLowerCase().includes(wanted)));
  const shown = lines.slice(-LINES_MAX).map((line) => (line.length > LINE_CHARACTERS_MAX ? `${line.slice(0, LINE_CHARACTERS_MAX)}…` : line)).join('\n');
  useEffect(() => {
    if (following.value && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown]);
  return (
    <section class="card stack">
      <div class="row">
        <label class="field"><span>{t('filter.search')}</span><input type="search" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} /></label>
        <label class="choice"><input type="checkbox" checked={following.value} onChange={() => (following.value = !following.value)} />{t('logs.follow')}</label>
        <span class="muted small" role="status">{t('logs.lines', { count: whole(lines.length), shown: whole(Math.min(lines.length, LINES_MAX)) })}</span>
      </div>
      {trouble.value !== null && <p class="trouble" role="alert">{visible(trouble.value)}</p>}
      {text.value === null ? trouble.value === null && <Loading /> : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
        <section ref={box} class="log" tabIndex={0} aria-label={t('logs.text')}><pre>{shown || t('logs.nothing')}</pre></section>
      )}
    </section>
  );
}
