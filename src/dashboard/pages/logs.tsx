import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Replica } from '../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../api.ts';
import { Badge } from '../components/badge.tsx';
import { Command } from '../components/command.tsx';
import { Empty, Loading } from '../components/empty.tsx';
import { LogText } from '../components/log-text.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Title } from '../components/title.tsx';
import { ago, dateTime } from '../format.ts';
import { t } from '../i18n/index.ts';
import { looks, services } from '../live/live.ts';
import { pathTo, query } from '../router.ts';
import { shellWord, visible } from '../text.ts';
import { Choice } from './events.tsx';

/** Which replicas have a log; with a replica, what it wrote. */
export function LogsPage({ replica }: { readonly replica?: string }) {
  const replicas = useSignal<readonly Replica[] | null>(null);
  const trouble = useSignal<string | null>(null);
  const service = query.value.get('service') ?? '';
  useEffect(() => {
    api().listReplicas(service ? { service } : {}).then((found) => (replicas.value = found), (error: unknown) => (trouble.value = messageOf(error)));
  }, [service, Math.floor(looks.value / 5)]);
  const picked = replicas.value?.find(({ id }) => id === replica);
  return (
    <>
      {replica !== undefined && <p class="crumbs"><a href={pathTo('logs')}>{t('nav.logs')}</a> /</p>}
      <Title text={replica === undefined ? t('nav.logs') : picked ? `${picked.service} ${picked.version}, ${replica}` : replica} />
      {replica !== undefined && <LogText replica={replica} />}
      <section class="card stack">
        <header class="row"><h2>{t('logs.replicas')}</h2></header>
        <div class="row"><Choice name="service" label={t('service.service')} value={service} options={(services.value ?? []).map(({ name }) => name)} /></div>
        {trouble.value !== null && <p class="invalid">{visible(trouble.value)}</p>}
        {replicas.value === null ? trouble.value === null && <Loading /> : replicas.value.length === 0
          ? <Empty title={t('logs.none')} text={t('logs.noneText')} commands={['lepton-ai deploy my-model:v1 --service my-service']} />
          : <Table label={t('logs.replicas')} columns={columns()} rows={replicas.value} keyOf={({ id }) => id} searchText={({ id, service: own, version, phase, reason }) => `${id} ${own} ${version} ${phase} ${reason}`} picked={({ id }) => id === replica} />}
        <Command text={['lepton-ai', 'logs', replica ?? (service || 'my-service'), '-f'].map(shellWord).join(' ')} />
      </section>
    </>
  );
}

const PHASE_TONES = { ready: 'good', failed: 'bad', starting: 'warn', draining: 'warn', pending: 'warn', stopped: 'plain' } as const;

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
