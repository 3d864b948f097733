import { useSignal } from '@preact/signals';
import type { ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { api, user } from '../../api.ts';
import { ChangeDialog, WAIT_SECONDS } from '../../components/change-dialog.tsx';
import { scheduleEquivalent } from '../../equivalents.ts';
import { t } from '../../i18n/index.ts';
import { visible } from '../../text.ts';
import { differences } from './differences.ts';

interface ScheduleDialogProps {
  readonly service: ServiceStatus;
  readonly version: string;
  readonly onClose: () => void;
}

/** Changes a version's priority and replicas. */
export function ScheduleDialog({ service, version, onClose }: ScheduleDialogProps) {
  const now = service.spec.deployments.find((deployment) => deployment.version === version);
  const wanted = useSignal({ priority: now?.priority ?? 0, min: now?.replicas.min ?? 1, max: now?.replicas.max ?? 1 });
  /** What somebody sees is what is changed: a revision that came meanwhile refuses it. */
  const revision = useSignal(service.revision);
  const { priority, min, max } = wanted.value;
  const change = { priority, replicas: { ...now?.replicas, min, max: Math.max(min, max) } };
  const field = (name: 'priority' | 'min' | 'max') => (
    <label class="field"><span>{t(`schedule.${name}`)}</span>
      <input type="number" step="1" min={name === 'priority' ? undefined : 0} value={wanted.value[name]} onInput={(event) => (wanted.value = { ...wanted.value, [name]: Math.trunc(Number(event.currentTarget.value)) || 0 })} />
    </label>
  );
  return (
    <ChangeDialog
      title={t('schedule.title', { version: visible(`${service.name}:${version}`) })}
      asked={JSON.stringify(change)}
      preview={async () => differences({ priority: now?.priority, replicas: now?.replicas }, change)}
      perform={(reason) => api().schedule(service.name, version, change, { waitSeconds: WAIT_SECONDS, expectRevision: revision.value, ...(reason && { reason }) })}
      equivalent={(reason) => scheduleEquivalent(service.name, version, priority, { min, max: Math.max(min, max) }, reason, { origin: location.origin, user: user.value })}
      onClose={onClose}
    >
      <div class="row">{field('priority')}{field('min')}{field('max')}</div>
    </ChangeDialog>
  );
}
