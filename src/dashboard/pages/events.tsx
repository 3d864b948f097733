import type { PlatformEvent } from '../../../clients/typescript/src/types.ts';
import { Choice } from '../components/choice.tsx';
import { Command } from '../components/command.tsx';
import { EventList } from '../components/event-list.tsx';
import { Title } from '../components/title.tsx';
import { useSignal } from '@preact/signals';
import { t } from '../i18n/index.ts';
import { events, repositories, services } from '../live/live.ts';
import { query, setQuery } from '../router.ts';
import { shellWord } from '../text.ts';

const PAGE_EVENTS = 100;
const SEVERITIES = ['info', 'warning', 'error'] as const;

/** What happened, newest first, going on by itself. The filter is in the address. */
export function EventsPage() {
  const shown = useSignal(PAGE_EVENTS);
  const [service, repository, severity, search] = ['service', 'repository', 'severity', 'search'].map((name) => query.value.get(name) ?? '') as [string, string, string, string];
  const found = events.value.filter((event) => matches(event, { service, repository, severity, search: search.toLowerCase() })).toReversed();
  const command = ['lepton-ai', 'events', '-f', ...(service ? ['--service', service] : []), ...(repository ? ['--repository', repository] : []), ...(severity ? ['--severity', severity] : [])].map(shellWord).join(' ');
  return (
    <>
      <Title text={t('nav.events')} />
      <section class="card stack">
        <div class="row">
          <Choice name="service" label={t('service.service')} value={service} options={(services.value ?? []).map(({ name }) => name)} />
          <Choice name="repository" label={t('repository.name')} value={repository} options={(repositories.value ?? []).map(({ name }) => name)} />
          <label class="field"><span>{t('events.severity')}</span>
            <select value={severity} onChange={(event) => setQuery({ severity: event.currentTarget.value })}><option value="">{t('filter.all')}</option>{(['warning', 'error'] as const).map((name) => <option key={name} value={name}>{t(`events.from.${name}`)}</option>)}</select>
          </label>
          <label class="field"><span>{t('filter.search')}</span><input type="search" value={search} onInput={(event) => setQuery({ search: event.currentTarget.value })} /></label>
        </div>
        <p class="muted small" role="status">{t('events.count', { found: found.length, count: events.value.length })}</p>
        <EventList events={found.slice(0, shown.value)} />
        {found.length > shown.value && <button type="button" class="button" onClick={() => (shown.value += PAGE_EVENTS)}>{t('filter.more')}</button>}
        <Command text={command} />
      </section>
    </>
  );
}

interface Filter {
  readonly service: string;
  readonly repository: string;
  readonly severity: string;
  readonly search: string;
}

function matches(event: PlatformEvent, { service, repository, severity, search }: Filter): boolean {
  if (service && event.service !== service) return false;
  if (repository && event.repository !== repository) return false;
  if (severity && SEVERITIES.indexOf(event.severity) < SEVERITIES.indexOf(severity as PlatformEvent['severity'])) return false;
  return !search || `${event.reason} ${event.message} ${event.actor} ${event.version ?? ''}`.toLowerCase().includes(search);
}
