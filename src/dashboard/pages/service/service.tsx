import type { ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { FiringAlerts } from '../../components/alert-list.tsx';
import { HealthBadge } from '../../components/badge.tsx';
import { Empty, Loading } from '../../components/empty.tsx';
import { EventList } from '../../components/event-list.tsx';
import { Title } from '../../components/title.tsx';
import { t } from '../../i18n/index.ts';
import { events, looks, services } from '../../live/live.ts';
import { pathTo } from '../../router.ts';
import { visible } from '../../text.ts';
import { ServiceCharts } from './charts.tsx';
import { Revisions } from './revisions.tsx';
import { TrafficCard } from './traffic-card.tsx';
import { Versions } from './versions.tsx';

const EVENTS_SHOWN = 12;

export function ServicePage({ service: name }: { readonly service: string }) {
  looks.value;
  const found = services.value?.find((service) => service.name === name);
  if (services.value === null) return <><Title text={name} /><Loading /></>;
  if (!found) return <><Title text={name} /><section class="card"><Empty title={t('service.missing', { service: visible(name) })} text={t('service.missingText')} commands={['lepton-ai services', 'lepton-ai deploy my-model:v1 --service my-service']} /></section></>;
  return <Service service={found} />;
}

function Service({ service }: { readonly service: ServiceStatus }) {
  const { name } = service;
  const own = events.value.filter((event) => event.service === name).slice(-EVENTS_SHOWN).toReversed();
  return (
    <>
      <p class="crumbs"><a href={pathTo('overview')}>{t('overview.services')}</a> /</p>
      <div class="head">
        <Title text={name} />
        <HealthBadge service={service} />
        <span class="muted small">{t('service.revisionServing', { serving: service.servingRevision ?? '–', revision: service.revision })}</span>
        <div class="actions">
          <a class="button" href={pathTo('tryService', { service: name })}>{t('nav.tryIt')}</a>
          <a class="button" href={pathTo('logs', {}, { service: name })}>{t('nav.logs')}</a>
        </div>
      </div>
      <Conditions service={service} />
      <FiringAlerts service={name} />
      <div class="columns">
        <TrafficCard service={service} />
        <section class="card">
          <header><h2>{t('service.events')}</h2><span class="end"><a href={pathTo('events', {}, { service: name })}>{t('overview.allEvents')}</a></span></header>
          <EventList short events={own} />
        </section>
      </div>
      <Versions service={service} />
      <ServiceCharts service={service} />
      <Revisions service={service} />
    </>
  );
}

/** What is not as it should be, in the engine's own words. */
function Conditions({ service }: { readonly service: ServiceStatus }) {
  const worth = service.conditions.filter(({ type, status }) => (type === 'Ready' ? !status : status));
  if (worth.length === 0) return null;
  return (
    <ul class="card conditions">
      {worth.map(({ type, reason, message }) => <li key={type}><strong>{visible(reason)}</strong> <span class="wrap">{visible(message)}</span></li>)}
    </ul>
  );
}
