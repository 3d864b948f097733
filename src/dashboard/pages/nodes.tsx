import type { PlatformStatus, ServiceStatus } from '../../../clients/typescript/src/types.ts';
import { Badge } from '../components/badge.tsx';
import { Command } from '../components/command.tsx';
import { Loading } from '../components/empty.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Tile } from '../components/tile.tsx';
import { Title } from '../components/title.tsx';
import { bytes, dateTime, duration, number, whole } from '../format.ts';
import { t } from '../i18n/index.ts';
import { looks, ring, services, status } from '../live/live.ts';
import { sum } from '../live/shares.ts';
import { pathTo } from '../router.ts';
import { visible } from '../text.ts';

interface WorkerRow {
  readonly service: string;
  readonly version: string;
  readonly replica: ServiceStatus['versions'][number]['replicas'][number];
  /** Of the whole version. */
  readonly cores: number | null;
  readonly memoryLimitBytes: number | null;
  readonly threads: number | null;
}

type Slot = keyof PlatformStatus['isolation'];
type SlotRow = PlatformStatus['isolation'][Slot] & { readonly slot: Slot };

/** The machine that this platform runs on: what it holds, what its workers use, and what holds them in. */
export function NodesPage() {
  looks.value;
  const facts = status.value;
  if (facts === null) return <><Title text={t('nav.nodes')} /><Loading /></>;
  const workers = workersOf(services.value ?? []);
  const slots = Object.entries(facts.isolation).map(([slot, state]): SlotRow => ({ slot: slot as Slot, ...state }));
  return (
    <>
      <Title text={t('nav.nodes')} />
      <dl class="tiles">
        <Tile name={t('nodes.workers')} value={whole(workers.length)} />
        <Tile name={t('nodes.cpu')} value={number(sum(versionCores(services.value ?? [])))} />
        <Tile name={t('nodes.memory')} value={bytes(sum(workers.map(({ replica }) => replica.residentBytes)))} />
        <Tile name={t('nodes.uptime')} value={duration(facts.uptimeSeconds)} />
      </dl>
      <section class="card">
        <header><h2>{t('nodes.platform')}</h2></header>
        <dl class="facts">
          <dt>{t('nodes.release')}</dt><dd>{facts.platformVersion}</dd>
          <dt>{t('nodes.started')}</dt><dd>{dateTime(facts.startedAt)}</dd>
          <dt>{t('nodes.http')}</dt><dd>{facts.httpUrl ?? '–'}</dd>
          <dt>{t('nodes.grpc')}</dt><dd>{facts.grpcAddress ?? '–'}</dd>
          <dt>{t('nodes.data')}</dt><dd>{visible(facts.dataDirectory)}</dd>
          <dt>{t('nodes.database')}</dt><dd>{facts.database}</dd>
        </dl>
        <div class="run"><Command text="lepton-ai status" /></div>
      </section>
      <section class="card">
        <header><h2>{t('nodes.isolation')}</h2></header>
        <p class="muted">{t('nodes.isolationText')}</p>
        <Table label={t('nodes.isolation')} columns={isolationColumns()} rows={slots} keyOf={({ slot }) => slot} />
      </section>
      <section class="card">
        <header><h2>{t('nodes.workersTitle')}</h2></header>
        <p class="muted">{t('nodes.workersText')}</p>
        <Table dense label={t('nodes.workersTitle')} columns={columns(slots.length)} rows={workers} keyOf={({ replica }) => replica.id} searchText={({ service, version, replica }) => `${service} ${version} ${replica.id} ${replica.pid}`} />
      </section>
    </>
  );
}

function versionCores(all: readonly ServiceStatus[]): (number | null)[] {
  return all.flatMap(({ name, versions }) => versions.map(({ version }) => ring.rates(name, version).cores));
}

function workersOf(all: readonly ServiceStatus[]): readonly WorkerRow[] {
  return all.flatMap(({ name, versions, spec }) => versions.flatMap(({ version, replicas }) => {
    const resources = spec.deployments.find((deployment) => deployment.version === version)?.resources;
    const { cores } = ring.rates(name, version);
    return replicas.filter(({ pid }) => pid !== null).map((replica) => ({ service: name, version, replica, cores, memoryLimitBytes: resources?.memoryBytes ?? null, threads: resources?.threads ?? null }));
  }));
}

function isolationColumns(): readonly Column<SlotRow>[] {
  return [
    { id: 'slot', title: t('nodes.slot'), header: true, cell: ({ slot }) => t(`nodes.slot.${slot}`) },
    { id: 'enforced', title: t('nodes.enforced'), cell: ({ enforced }) => <Badge tone={enforced ? 'good' : 'warn'} text={t(enforced ? 'nodes.holds' : 'nodes.holdsNot')} /> },
    { id: 'by', title: t('nodes.by'), cell: ({ by }) => visible(by) },
    { id: 'reason', title: t('nodes.reason'), cell: ({ reason }) => <span class="small wrap">{visible(reason) || '–'}</span> },
  ];
}

/** Of the slots, those that hold for one worker. */
const heldIn = ({ isolation }: WorkerRow['replica']): number => Object.values(isolation ?? {}).filter(({ enforced }) => enforced).length;

function columns(slotCount: number): readonly Column<WorkerRow>[] {
  return [
    { id: 'service', title: t('service.service'), header: true, order: ({ service }) => service, cell: ({ service }) => <a href={pathTo('service', { service })}>{visible(service)}</a> },
    { id: 'version', title: t('service.version'), order: ({ version }) => version, cell: ({ version }) => visible(version) },
    { id: 'replica', title: t('logs.replica'), cell: ({ replica }) => <a href={pathTo('replicaLog', { replica: replica.id })}>{visible(replica.id)}</a> },
    { id: 'phase', title: t('service.phase'), cell: ({ replica }) => <Badge tone={replica.phase === 'ready' ? 'good' : 'warn'} text={t(`replica.${replica.phase}`)} /> },
    { id: 'pid', title: t('nodes.pid'), right: true, order: ({ replica }) => replica.pid, cell: ({ replica }) => String(replica.pid) },
    { id: 'memory', title: t('metric.memory'), right: true, order: ({ replica }) => replica.residentBytes, cell: ({ replica, memoryLimitBytes }) => `${bytes(replica.residentBytes)}${memoryLimitBytes === null ? '' : ` / ${bytes(memoryLimitBytes)}`}` },
    { id: 'cpu', title: t('nodes.cpuSeconds'), right: true, order: ({ replica }) => replica.cpuSeconds, cell: ({ replica }) => number(replica.cpuSeconds) },
    { id: 'isolation', title: t('nodes.isolationShort'), right: true, order: ({ replica }) => heldIn(replica), cell: ({ replica }) => (replica.isolation ? `${heldIn(replica)}/${slotCount}` : '–') },
    { id: 'threads', title: t('nodes.threads'), right: true, cell: ({ threads }) => whole(threads) },
  ];
}
