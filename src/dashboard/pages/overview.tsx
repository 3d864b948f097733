import type { ServiceStatus } from '../../../clients/typescript/src/types.ts';
import { FiringAlerts } from '../components/alert-list.tsx';
import { HealthBadge, healthOf } from '../components/badge.tsx';
import { colourOf } from '../components/colours.ts';
import { Empty, Loading } from '../components/empty.tsx';
import { EventList } from '../components/event-list.tsx';
import { Flow, ShareBar } from '../components/flow.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Tile } from '../components/tile.tsx';
import { Title } from '../components/title.tsx';
import { milliseconds, percent, perSecond, whole } from '../format.ts';
import { t } from '../i18n/index.ts';
import { events, looks, repositories, ring, services, status } from '../live/live.ts';
import { sharesOf, sum, trafficOf } from '../live/shares.ts';
import { pathTo } from '../router.ts';
import { visible } from '../text.ts';

/** Services that the picture shows; the list has them all. */
const PICTURED = 8;
const EVENTS_SHOWN = 12;

export function OverviewPage() {
  looks.value;
  const all = services.value;
  if (all === null) return <><Title text={t('overview.title')} /><Loading /></>;
  if (all.length === 0) return <><Title text={t('overview.title')} /><Tiles all={all} /><FirstSteps /></>;
  return (
    <>
      <Title text={t('overview.title')} />
      <Tiles all={all} />
      <FiringAlerts />
      <div class="columns">
        <Picture all={all} />
        <section class="card">
          <header><h2>{t('overview.recent')}</h2><span class="end"><a href={pathTo('events')}>{t('overview.allEvents')}</a></span></header>
          <EventList short events={events.value.slice(-EVENTS_SHOWN).toReversed()} />
        </section>
      </div>
      <section class="card">
        <header><h2>{t('overview.services')}</h2></header>
        <Table label={t('overview.services')} columns={columns()} rows={all} keyOf={({ name }) => name} searchText={(service) => `${service.name} ${service.versions.map(({ version }) => version).join(' ')}`} />
      </section>
    </>
  );
}

function Tiles({ all }: { readonly all: readonly ServiceStatus[] }) {
  const traffic = all.map((service) => trafficOf(service, ring));
  const requests = sum(traffic.map(({ requestsPerSecond }) => requestsPerSecond));
  const errors = sum(traffic.map(({ errorsPerSecond }) => errorsPerSecond));
  const unwell = all.filter((service) => healthOf(service) !== 'ready').length;
  const counts = status.value?.counts;
  return (
    <dl class="tiles">
      <Tile name={t('overview.services')} value={whole(all.length)} note={unwell ? t('overview.unwell', { count: unwell }) : undefined} />
      <Tile name={t('overview.versionsServing')} value={whole(all.flatMap(({ versions }) => versions).filter(({ phase }) => phase === 'ready').length)} note={t('overview.ofDeployed', { count: whole(all.flatMap(({ versions }) => versions).length) })} />
      <Tile name={t('overview.replicas')} value={whole(counts?.replicasReady)} note={counts?.replicasFailed ? t('overview.failed', { count: counts.replicasFailed }) : undefined} />
      <Tile name={t('overview.requests')} value={perSecond(requests)} />
      <Tile name={t('overview.errors')} value={requests > 0 ? percent(errors / requests) : percent(0)} />
      <Tile name={t('nav.repositories')} value={whole(counts?.repositories)} note={t('overview.versionsStored', { count: whole(counts?.versions) })} />
    </dl>
  );
}

function FirstSteps() {
  const first = repositories.value?.[0];
  if (!first) return <section class="card"><Empty title={t('overview.emptyTitle')} text={t('overview.emptyText')} commands={['lepton-ai push my-model:v1 ./model.onnx', 'lepton-ai deploy my-model:v1 --service my-service']} /></section>;
  return <section class="card"><Empty title={t('overview.noServiceTitle')} text={t('overview.noServiceText')} commands={[`lepton-ai deploy ${first.name}:${first.latestVersion ?? 'v1'} --service my-service`]} /></section>;
}

/** The busiest services, and which part of all requests each gets. */
function Picture({ all }: { readonly all: readonly ServiceStatus[] }) {
  const rates = new Map(all.map((service) => [service.name, trafficOf(service, ring).requestsPerSecond ?? 0]));
  const total = sum([...rates.values()]);
  const busiest = all.toSorted((a, b) => (rates.get(b.name) ?? 0) - (rates.get(a.name) ?? 0)).slice(0, PICTURED);
  const targets = busiest.map(({ name, versions }, index) => {
    const rate = rates.get(name) ?? 0;
    return { name, href: pathTo('service', { service: name }), colour: colourOf(index), wanted: null, real: total > 0 ? rate / total : null, requestsPerSecond: rate, note: t('overview.versionCount', { count: versions.length }) };
  });
  return (
    <section class="card">
      <header><h2>{t('overview.traffic')}</h2>{all.length > PICTURED && <span class="muted small">{t('overview.busiest', { count: PICTURED })}</span>}</header>
      <Flow source={perSecond(total)} targets={targets} label={t('overview.traffic')} />
    </section>
  );
}

function columns(): readonly Column<ServiceStatus>[] {
  return [
    { id: 'name', title: t('service.service'), header: true, order: ({ name }) => name, cell: ({ name }) => <a href={pathTo('service', { service: name })}>{visible(name)}</a> },
    { id: 'health', title: t('service.health'), order: (service) => healthOf(service), cell: (service) => <HealthBadge service={service} /> },
    { id: 'versions', title: t('service.versions'), right: true, order: ({ versions }) => versions.length, cell: ({ versions }) => whole(versions.length) },
    { id: 'shares', title: t('service.share'), cell: (service) => <Shares service={service} /> },
    { id: 'requests', title: t('metric.requests'), right: true, order: (service) => trafficOf(service, ring).requestsPerSecond, cell: (service) => perSecond(trafficOf(service, ring).requestsPerSecond) },
    { id: 'errors', title: t('metric.errors'), right: true, order: (service) => trafficOf(service, ring).errorsPerSecond, cell: (service) => perSecond(trafficOf(service, ring).errorsPerSecond) },
    { id: 'p99', title: t('metric.p99'), right: true, order: (service) => trafficOf(service, ring).p99Ms, cell: (service) => milliseconds(trafficOf(service, ring).p99Ms) },
  ];
}

function Shares({ service }: { readonly service: ServiceStatus }) {
  const shares = sharesOf(service, ring).map(({ version, wanted, index }) => ({ name: version, share: wanted, colour: colourOf(index) }));
  const words = shares.filter(({ share }) => share > 0).slice(0, 6).map(({ name, share }) => `${visible(name)} ${percent(share)}`).join(', ');
  return <ShareBar shares={shares} label={words || t('service.noTraffic')} />;
}
