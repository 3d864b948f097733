import { useEffect, useRef } from 'preact/hooks';
import { clockTime, dateTime } from '../format.ts';
import { t } from '../i18n/index.ts';
import type { LogLine } from '../live/log-lines.ts';
import { logText, visible } from '../text.ts';
import { Badge, type Tone } from './badge.tsx';

const LEVEL_TONES: Readonly<Record<LogLine['level'], Tone>> = { debug: 'plain', info: 'plain', warn: 'warn', error: 'bad' };
const LINE_CHARACTERS_MAX = 4000;
const FIELDS_CHARACTERS_MAX = 400;

/** Lines of logs, oldest first; stays at the end while it is followed and nobody has scrolled up. */
export function LogView({ lines, following }: { readonly lines: readonly LogLine[]; readonly following: boolean }) {
  const box = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (following && atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  const onScroll = ({ currentTarget: { scrollTop, scrollHeight, clientHeight } }: { currentTarget: HTMLElement }): void => {
    atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
    <section ref={box} class="log" tabIndex={0} aria-label={t('logs.text')} onScroll={onScroll}>
      <ol>{lines.map((line, index) => <Line key={`${line.at} ${index}`} line={line} />)}</ol>
    </section>
  );
}

function Line({ line: { at, level, process, service, version, replica, message, fields } }: { readonly line: LogLine }) {
  const source = service === null ? process : `${service}${version === null ? '' : ` ${version}`}`;
  const more = Object.keys(fields).length ? JSON.stringify(fields) : '';
  return (
    <li>
      <time dateTime={at} title={dateTime(at)} class="muted">{clockTime(at)}</time>
      {LEVEL_TONES[level] === 'plain' ? <span class="muted">{level}</span> : <Badge tone={LEVEL_TONES[level]} text={level} />}
      <span class="source" title={visible(replica ?? process)}>{visible(source)}</span>
      <span class="said">{shortened(logText(message), LINE_CHARACTERS_MAX)}{more && <span class="muted"> {shortened(logText(more), FIELDS_CHARACTERS_MAX)}</span>}</span>
    </li>
  );
}

const shortened = (text: string, charactersMax: number): string => (text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text);
