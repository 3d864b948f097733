import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Replica } from '../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../api.ts';
import { Badge } from '../components/badge.tsx';
import { Empty, Loading } from '../components/empty.tsx';
import { type Column, Table } from '../components/table.tsx';
import { ago, dateTime } from '../format.ts';
import { t } from '../i18n/index.ts';
import { looks } from '../live/live.ts';
import { pathTo } from '../router.ts';
import { visible } from '../text.ts';

/** Looks at the server between two of this list. */
const LOOKS = 5;

/** Replicas that have a log, also those that have ended. */
export function Replicas({ service, picked }: { readonly service: string; readonly picked?: string }) {
  const replicas = useSignal<readonly Replica[] | null>(null);
  const trouble = useSignal<string | null>(null);
  useEffect(() => {
    api().listReplicas(service ? { service } : {}).then((found) => (replicas.value = found), (error: unknown) => (trouble.value = messageOf(error)));
  }, [service, Math.floor(looks.value / LOOKS)]);
  return (
    <section class="card stack">
      <h2>{t('logs.replicas')}</h2>
      {trouble.value !== null && <p class="invalid">{visible(trouble.value)}</p>}
      {replicas.value === null ? trouble.value === null && <Loading /> : replicas.value.length === 0
        ? <Empty title={t('logs.noReplica')} text={t('logs.noReplicaText')} commands={['lepton-ai deploy my-model:v1 --service my-service']} />
        : <Table label={t('logs.replicas')} columns={columns()} rows={replicas.value} keyOf={({ id }) => id} searchText={({ id, service: own, version, phase, reason }) => `${id} ${own} ${version} ${phase} ${reason}`} picked={({ id }) => id === picked} />}
    </section>
  );
}

const PHASE_TONES: Readonly<Record<Replica['phase'], 'good' | 'bad' | 'warn' | 'plain'>> = { ready: 'good', failed: 'bad', starting: 'warn', draining: 'warn', pending: 'warn', stopped: 'plain' };

function columns(): readonly Column<Replica>[] {
  return [
    { id: 'replica', title: t('logs.replica'), header: true, cell: ({ id }) => <a class="name" href={pathTo('replicaLog', { replica: id })}>{visible(id)}</a> },
    { id: 'service', title: t('service.service'), order: ({ service }) => service, cell: ({ service }) => <a href={pathTo('service', { service })}>{visible(service)}</a> },
    { id: 'version', title: t('service.version'), order: ({ version }) => version, cell: ({ version }) => visible(version) },
    { id: 'phase', title: t('service.phase'), order: ({ phase }) => phase, cell: ({ phase }) => <Badge tone={PHASE_TONES[phase]} text={t(`replica.${phase}`)} /> },
    { id: 'reason', title: t('revisions.reason'), cell: ({ reason, message }) => <span class="small wrap">{visible(`${reason} ${message}`)}</span> },
    { id: 'since', title: t('logs.since'), order: ({ since }) => since, cell: ({ since }) => <time dateTime={since} title={dateTime(since)}>{ago(since)}</time> },
  ];
}
