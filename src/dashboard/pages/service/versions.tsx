import { useSignal } from '@preact/signals';
import type { DeploymentState, ServiceStatus, VersionStatus } from '../../../../clients/typescript/src/types.ts';
import { api, user } from '../../api.ts';
import { PhaseBadge } from '../../components/badge.tsx';
import { ChangeDialog, WAIT_SECONDS } from '../../components/change-dialog.tsx';
import { colourOf } from '../../components/colours.ts';
import { type Column, Table } from '../../components/table.tsx';
import { stateEquivalent } from '../../equivalents.ts';
import { bytes, cores, milliseconds, number, percent, perSecond } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { ring } from '../../live/live.ts';
import { sharesOf, sum, type VersionShare } from '../../live/shares.ts';
import { pathTo } from '../../router.ts';
import { ScheduleDialog } from './schedule-dialog.tsx';
import { visible } from '../../text.ts';

interface Row extends VersionShare {
  readonly status: VersionStatus;
}
interface Asked {
  readonly version: string;
  readonly state: DeploymentState;
}

/** Every version of a service with what it does and costs, and the buttons that load and unload it. */
export function Versions({ service }: { readonly service: ServiceStatus }) {
  const asked = useSignal<Asked | null>(null);
  const scheduling = useSignal<string | null>(null);
  const rows: readonly Row[] = sharesOf(service, ring).map((share) => ({ ...share, status: service.versions[share.index] as VersionStatus }));
  return (
    <section class="card">
      <header><h2>{t('service.versions')}</h2></header>
      <Table dense label={t('service.versions')} columns={columns((version, state) => (asked.value = { version, state }), (version) => (scheduling.value = version))} rows={rows} keyOf={({ version, status }) => `${version} ${status.desired}`} searchText={({ version, status }) => `${version} ${status.phase} ${status.reason}`} />
      {asked.value && <StateDialog key={asked.value.version} service={service} asked={asked.value} onClose={() => (asked.value = null)} />}
      {scheduling.value !== null && <ScheduleDialog key={scheduling.value} service={service} version={scheduling.value} onClose={() => (scheduling.value = null)} />}
    </section>
  );
}

const replicasText = ({ replicas, replicasDesired }: VersionStatus): string => `${replicas.filter(({ phase }) => phase === 'ready').length}/${replicasDesired}`;
const memoryOf = ({ replicas }: VersionStatus): number => sum(replicas.map(({ residentBytes }) => residentBytes));

function columns(onState: (version: string, state: DeploymentState) => void, onSchedule: (version: string) => void): readonly Column<Row>[] {
  return [
    { id: 'version', title: t('service.version'), header: true, order: ({ version }) => version, cell: (row) => <VersionName row={row} /> },
    { id: 'phase', title: t('service.phase'), order: ({ status }) => status.phase, cell: ({ status }) => <><PhaseBadge version={status} />{status.message && status.phase !== 'ready' && <div class="muted small wrap">{visible(status.message)}</div>}</> },
    { id: 'wanted', title: t('service.wanted'), right: true, order: ({ wanted }) => wanted, cell: ({ wanted }) => percent(wanted) },
    { id: 'real', title: t('service.real'), right: true, order: ({ real }) => real, cell: ({ real }) => percent(real) },
    { id: 'requests', title: t('metric.requests'), right: true, order: ({ rates }) => rates.requestsPerSecond, cell: ({ rates }) => perSecond(rates.requestsPerSecond) },
    { id: 'errors', title: t('metric.errors'), right: true, order: ({ rates }) => rates.errorsPerSecond, cell: ({ rates }) => <span class={rates.errorsPerSecond ? 'invalid' : ''}>{perSecond(rates.errorsPerSecond)}</span> },
    { id: 'p50', title: t('metric.p50Short'), right: true, order: ({ status }) => status.demand?.latencyP50Ms, cell: ({ status }) => milliseconds(status.demand?.latencyP50Ms) },
    { id: 'p99', title: t('metric.p99Short'), right: true, order: ({ status }) => status.demand?.latencyP99Ms, cell: ({ status }) => milliseconds(status.demand?.latencyP99Ms) },
    { id: 'batch', title: t('metric.batchShort'), right: true, order: ({ rates }) => rates.requestsPerBatch, cell: ({ rates }) => number(rates.requestsPerBatch) },
    { id: 'cpu', title: t('metric.cpuShort'), right: true, order: ({ rates }) => rates.cores, cell: ({ rates }) => cores(rates.cores) },
    { id: 'memory', title: t('metric.memory'), right: true, order: ({ status }) => memoryOf(status), cell: ({ status }) => (status.replicas.length ? bytes(memoryOf(status)) : '–') },
    { id: 'replicas', title: t('service.replicas'), right: true, cell: ({ status }) => <button type="button" class="button small" disabled={!status.desired} aria-label={t('schedule.of', { version: visible(status.version), replicas: replicasText(status) })} onClick={() => onSchedule(status.version)}>{replicasText(status)}</button> },
    { id: 'actions', title: t('table.actions'), cell: ({ status }) => (status.desired ? <StateButtons status={status} onState={onState} /> : null) },
  ];
}

function VersionName({ row: { version, index, status } }: { readonly row: Row }) {
  return <span class="choice"><span class="swatch" style={{ background: colourOf(index) }} aria-hidden="true" /><a class="wrap" href={pathTo('version', { repository: status.repository, version })}>{visible(version)}</a></span>;
}

function StateButtons({ status, onState }: { readonly status: VersionStatus; readonly onState: (version: string, state: DeploymentState) => void }) {
  const states: readonly DeploymentState[] = status.state === 'loaded' ? ['unloaded', 'drained'] : status.state === 'unloaded' ? ['loaded'] : ['loaded', 'unloaded'];
  return (
    <div class="row buttons">
      {states.map((state) => <button key={state} type="button" class="button small" aria-label={`${t(`state.to.${state}`)} ${visible(status.version)}`} onClick={() => onState(status.version, state)}>{t(`state.to.${state}`)}</button>)}
    </div>
  );
}

function StateDialog({ service, asked: { version, state }, onClose }: { readonly service: ServiceStatus; readonly asked: Asked; readonly onClose: () => void }) {
  const change = (options: object) => api().setState(service.name, version, state, options);
  return (
    <ChangeDialog
      title={`${t(`state.to.${state}`)} ${visible(`${service.name}:${version}`)}`}
      text={t(`state.explain.${state}`)}
      danger={state === 'unloaded'}
      preview={async () => (await change({ dryRun: true })).changes}
      perform={(reason) => change({ waitSeconds: WAIT_SECONDS, ...(reason && { reason }) })}
      equivalent={(reason) => stateEquivalent(service.name, version, state, { reason }, { origin: location.origin, user: user.value })}
      onClose={onClose}
    />
  );
}
