import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ServiceRevision, ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { api, messageOf, user } from '../../api.ts';
import { Badge } from '../../components/badge.tsx';
import { ChangeDialog, WAIT_SECONDS } from '../../components/change-dialog.tsx';
import { Loading } from '../../components/empty.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { rollbackEquivalent } from '../../equivalents.ts';
import { ago, dateTime } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { visible } from '../../text.ts';
import { differences } from './differences.ts';

const PAGE_ROWS = 10;

/** What was asked for before, newest first, and the way back to it. */
export function Revisions({ service }: { readonly service: ServiceStatus }) {
  const revisions = useSignal<readonly ServiceRevision[] | null>(null);
  const trouble = useSignal<string | null>(null);
  const target = useSignal<ServiceRevision | null>(null);
  useEffect(() => {
    api().listRevisions(service.name).then((found) => (revisions.value = found.toSorted((a, b) => b.revision - a.revision)), (error: unknown) => (trouble.value = messageOf(error)));
  }, [service.name, service.revision]);
  const current = revisions.value?.find(({ revision }) => revision === service.revision);
  const before = revisions.value?.find(({ revision }) => revision < service.revision);
  return (
    <section class="card">
      <header>
        <h2>{t('service.revisions')}</h2>
        <span class="end">{before && <button type="button" class="button danger" onClick={() => (target.value = before)}>{t('revisions.back', { revision: before.revision })}</button>}</span>
      </header>
      {trouble.value !== null && <p class="invalid">{visible(trouble.value)}</p>}
      {revisions.value === null ? trouble.value === null && <Loading /> : <Table label={t('service.revisions')} columns={columns(service, (revision) => (target.value = revision))} rows={revisions.value} keyOf={({ revision }) => String(revision)} pageRows={PAGE_ROWS} />}
      {target.value && current && (
        <ChangeDialog
          title={t('revisions.dialog', { service: visible(service.name), revision: target.value.revision })}
          text={t('revisions.explain')}
          danger
          preview={async () => differences(current.spec, (target.value as ServiceRevision).spec)}
          perform={(reason) => api().rollback(service.name, (target.value as ServiceRevision).revision, { waitSeconds: WAIT_SECONDS, expectRevision: current.revision, ...(reason && { reason }) })}
          equivalent={(reason) => rollbackEquivalent(service.name, (target.value as ServiceRevision).revision, reason, { origin: location.origin, user: user.value })}
          onClose={() => (target.value = null)}
        />
      )}
    </section>
  );
}

function columns(service: ServiceStatus, onPick: (revision: ServiceRevision) => void): readonly Column<ServiceRevision>[] {
  return [
    { id: 'revision', title: t('revisions.revision'), header: true, cell: ({ revision }) => <span class="row">{revision}{revision === service.servingRevision && <Badge tone="good" text={t('revisions.serving')} />}{revision === service.revision && revision !== service.servingRevision && <Badge tone="warn" text={t('revisions.wanted')} />}</span> },
    { id: 'at', title: t('revisions.at'), cell: ({ createdAt }) => <time dateTime={createdAt} title={dateTime(createdAt)}>{ago(createdAt)}</time> },
    { id: 'by', title: t('revisions.by'), cell: ({ createdBy }) => <span class="wrap">{visible(createdBy)}</span> },
    { id: 'reason', title: t('revisions.reason'), cell: ({ reason }) => <span class="wrap">{visible(reason)}</span> },
    { id: 'traffic', title: t('service.traffic'), cell: ({ spec }) => <span class="wrap">{trafficText(spec.traffic)}</span> },
    { id: 'actions', title: t('table.actions'), cell: (revision) => (revision.revision === service.revision ? null : <button type="button" class="button small" aria-label={`${t('revisions.rollBack')} ${revision.revision}`} onClick={() => onPick(revision)}>{t('revisions.rollBack')}</button>) },
  ];
}

const SHOWN_WEIGHTS = 6;
function trafficText(traffic: ServiceRevision['spec']['traffic']): string {
  if (traffic.kind === 'version') return visible(traffic.version);
  if (traffic.kind === 'label') return visible(`${traffic.repository}:${traffic.label}`);
  const weights = Object.entries(traffic.weights);
  return visible(weights.slice(0, SHOWN_WEIGHTS).map(([version, weight]) => `${version} ${weight} %`).join(', ') + (weights.length > SHOWN_WEIGHTS ? ', …' : ''));
}
