import type { PlatformEvent } from '../../../clients/typescript/src/types.ts';
import { ago, dateTime } from '../format.ts';
import { t } from '../i18n/index.ts';
import { pathTo } from '../router.ts';
import { visible } from '../text.ts';
import { Badge, type Tone } from './badge.tsx';

const TONES: Readonly<Record<PlatformEvent['severity'], Tone>> = { info: 'plain', warning: 'warn', error: 'bad' };

/** What happened: when, how grave, what, to whom, by whom, before and after. */
export function EventList({ events, short }: { readonly events: readonly PlatformEvent[]; readonly short?: boolean }) {
  if (events.length === 0) return <p class="muted">{t('events.none')}</p>;
  const list = <ol class="events">{events.map((event) => <Event key={event.id} event={event} />)}</ol>;
  if (!short) return list;
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1).
  return <section class="short" tabIndex={0} aria-label={t('nav.events')}>{list}</section>;
}

function Event({ event }: { readonly event: PlatformEvent }) {
  const { at, severity, reason, message, actor, before, after } = event;
  return (
    <li>
      <div class="row small">
        <time dateTime={at} title={dateTime(at)} class="muted">{ago(at)}</time>
        {severity !== 'info' && <Badge tone={TONES[severity]} text={t(`severity.${severity}`)} />}
        <strong class="wrap">{visible(reason)}</strong>
        <Subject event={event} />
        <span class="muted wrap">{t('events.by', { actor: visible(actor) })}</span>
      </div>
      <p class="wrap">{visible(message)}{(before !== null || after !== null) && <span class="muted small"> {visible(before ?? '∅')} → {visible(after ?? '∅')}</span>}</p>
    </li>
  );
}

function Subject({ event: { service, repository, version, replica } }: { readonly event: PlatformEvent }) {
  return (
    <>
      {service !== null && <a href={pathTo('service', { service })}>{visible(service)}</a>}
      {service === null && repository !== null && <a href={pathTo('repository', { repository })}>{visible(repository)}</a>}
      {version !== null && <span>{visible(version)}</span>}
      {replica !== null && <a href={pathTo('replicaLog', { replica })}>{t('events.log')}</a>}
    </>
  );
}
