import { useSignal } from '@preact/signals';
import type { Label, Version } from '../../../../clients/typescript/src/types.ts';
import { api, messageOf, user } from '../../api.ts';
import { Equivalents } from '../../components/command.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { say } from '../../components/toast.tsx';
import { deleteLabelEquivalent, labelEquivalent } from '../../equivalents.ts';
import { ago, dateTime } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { pathTo } from '../../router.ts';
import { visible } from '../../text.ts';

interface LabelsProps {
  readonly repository: string;
  /** Newest first. */
  readonly versions: readonly Version[];
  readonly labels: readonly Label[];
  readonly onChanged: () => void;
}

/** Pointers that move: where they are, and the way to move them. */
export function Labels({ repository, versions, labels, onChanged }: LabelsProps) {
  /** null: none; '': a new one. */
  const moving = useSignal<string | null>(null);
  const deleting = useSignal<string | null>(null);
  const done = (text: string): void => {
    say(text);
    onChanged();
  };
  return (
    <section class="card">
      <header><h2>{t('repository.labels')}</h2><span class="end"><button type="button" class="button" onClick={() => (moving.value = '')}>{t('labels.new')}</button></span></header>
      {labels.length === 0 && <p class="muted">{t('labels.none')}</p>}
      <ul class="plain">
        {labels.map(({ label, version, movedAt, movedBy }) => (
          <li key={label} class="row">
            <strong class="wrap">{visible(label)}</strong> → <a href={pathTo('version', { repository, version })}>{visible(version)}</a>
            <span class="muted small" title={dateTime(movedAt)}>{ago(movedAt)}, {visible(movedBy)}</span>
            <span class="row end">
              <button type="button" class="button small" aria-label={t('labels.moveOne', { label: visible(label) })} onClick={() => (moving.value = label)}>{t('labels.move')}</button>
              <button type="button" class="button small" aria-label={t('labels.deleteOne', { label: visible(label) })} onClick={() => (deleting.value = label)}>{t('labels.delete')}</button>
            </span>
          </li>
        ))}
      </ul>
      {moving.value !== null && <MoveDialog repository={repository} versions={versions} labels={labels} label={moving.value} onClose={() => (moving.value = null)} onDone={done} />}
      {deleting.value !== null && <DeleteDialog repository={repository} label={deleting.value} onClose={() => (deleting.value = null)} onDone={done} />}
    </section>
  );
}

interface LabelDialogProps {
  readonly repository: string;
  readonly label: string;
  readonly onClose: () => void;
  readonly onDone: (text: string) => void;
}

function MoveDialog({ repository, versions, labels, label, onClose, onDone }: LabelDialogProps & Pick<LabelsProps, 'versions' | 'labels'>) {
  const name = useSignal(label);
  /** As somebody saw them: a label that moved meanwhile refuses the change. */
  const seen = useSignal(labels);
  const before = seen.value.find((one) => one.label === name.value.trim())?.version ?? null;
  const version = useSignal(versions.find((one) => one.version !== before)?.version ?? versions[0]?.version ?? '');
  const refusal = useSignal<string | null>(null);
  const confirm = async (): Promise<void> => {
    try {
      const moved = await api().moveLabel(repository, name.value.trim(), version.value, { expect: before });
      onDone(t('labels.moved', { label: visible(moved.label), version: visible(moved.version) }));
      onClose();
    } catch (error) {
      refusal.value = messageOf(error);
    }
  };
  return (
    <Dialog title={label ? t('labels.moveOne', { label: visible(label) }) : t('labels.new')} onClose={onClose} footer={
      <>
        <button type="button" class="button" onClick={onClose}>{t('action.cancel')}</button>
        <button type="button" class="button primary" disabled={!name.value.trim() || before === version.value} onClick={() => void confirm()}>{t('action.apply')}</button>
      </>
    }>
      {!label && <label class="field"><span>{t('labels.name')}</span><input value={name.value} placeholder="stable" onInput={(event) => (name.value = event.currentTarget.value)} /></label>}
      <label class="field"><span>{t('labels.to')}</span>
        <select value={version.value} onChange={(event) => (version.value = event.currentTarget.value)}>{versions.map((one) => <option key={one.version} value={one.version}>{visible(one.version)}</option>)}</select>
      </label>
      <p class="changes">{visible(name.value.trim() || '…')}: {before !== null && <span class="was">{visible(before)}</span>} <span class="is">{visible(version.value)}</span></p>
      <p class="muted small">{t('labels.explain')}</p>
      {refusal.value !== null && <p class="trouble" role="alert">{visible(refusal.value)}</p>}
      <Equivalents {...labelEquivalent(repository, name.value.trim(), version.value, before, { origin: location.origin, user: user.value })} />
    </Dialog>
  );
}

function DeleteDialog({ repository, label, onClose, onDone }: LabelDialogProps) {
  const refusal = useSignal<string | null>(null);
  const confirm = async (): Promise<void> => {
    try {
      await api().deleteLabel(repository, label);
      onDone(t('labels.deleted', { label: visible(label) }));
      onClose();
    } catch (error) {
      refusal.value = messageOf(error);
    }
  };
  return (
    <Dialog title={t('labels.deleteOne', { label: visible(label) })} onClose={onClose} footer={
      <>
        <button type="button" class="button" onClick={onClose}>{t('action.cancel')}</button>
        <button type="button" class="button danger" onClick={() => void confirm()}>{t('labels.delete')}</button>
      </>
    }>
      {refusal.value !== null && <p class="trouble" role="alert">{visible(refusal.value)}</p>}
      <Equivalents {...deleteLabelEquivalent(repository, label, { origin: location.origin, user: user.value })} />
    </Dialog>
  );
}
