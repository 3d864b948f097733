import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { ChangeResult, SpecChange } from '../../../clients/typescript/src/types.ts';
import { outcomeOf } from '../../../clients/typescript/src/outcome.ts';
import { messageOf } from '../api.ts';
import type { Equivalent } from '../equivalents.ts';
import { t } from '../i18n/index.ts';
import { refresh } from '../live/live.ts';
import { visible } from '../text.ts';
import { Equivalents } from './command.tsx';
import { Dialog } from './dialog.tsx';
import { Loading } from './empty.tsx';
import { say } from './toast.tsx';

/** Longest that the page waits for a change to serve; it goes on after that. */
export const WAIT_SECONDS = 60;

interface ChangeDialogProps {
  readonly title: string;
  readonly text?: string;
  /** What would change. */
  readonly preview: (reason: string | undefined) => Promise<readonly SpecChange[]>;
  readonly perform: (reason: string | undefined) => Promise<ChangeResult>;
  readonly equivalent: (reason: string | undefined) => Equivalent;
  readonly onClose: () => void;
  readonly danger?: boolean;
  /** What is asked for, as one writes it, and its text: the preview is made anew when that changes. */
  readonly children?: ComponentChildren;
  readonly asked?: string;
}

/** Shows what a change of a service would do, and the same for a terminal; makes it when asked to. */
export function ChangeDialog({ title, text, preview, perform, equivalent, onClose, danger, children, asked }: ChangeDialogProps) {
  const changes = useSignal<readonly SpecChange[] | null>(null);
  const refusal = useSignal<string | null>(null);
  const reason = useSignal('');
  const working = useSignal(false);
  const given = reason.value.trim() || undefined;
  useEffect(() => {
    let current = true;
    preview(undefined).then((found) => current && ([changes.value, refusal.value] = [found, null]), (error: unknown) => current && ([changes.value, refusal.value] = [[], messageOf(error)]));
    return () => void (current = false);
  }, [asked]);

  const confirm = async (): Promise<void> => {
    working.value = true;
    refusal.value = null;
    try {
      sayOutcome(await perform(given));
      onClose();
    } catch (error) {
      refusal.value = messageOf(error);
      working.value = false;
    }
    void refresh();
  };
  return (
    <Dialog title={title} onClose={onClose} footer={
      <>
        <button type="button" class="button" onClick={onClose}>{t('action.cancel')}</button>
        <button type="button" class={`button ${danger ? 'danger' : 'primary'}`} disabled={working.value || !changes.value?.length} onClick={() => void confirm()}>{working.value ? t('state.working') : t('action.apply')}</button>
      </>
    }>
      {text && <p>{text}</p>}
      {children}
      {changes.value === null && refusal.value === null && <Loading />}
      {changes.value?.length === 0 && refusal.value === null && <p>{t('change.nothing')}</p>}
      {changes.value && changes.value.length > 0 && <><h3>{t('change.preview')}</h3><Changes changes={changes.value} /></>}
      {refusal.value !== null && <p class="trouble" role="alert">{visible(refusal.value)}</p>}
      <label class="field"><span>{t('change.reason')}</span><input value={reason.value} maxLength={1000} onInput={(event) => (reason.value = event.currentTarget.value)} /></label>
      <Equivalents {...equivalent(given)} />
    </Dialog>
  );
}

function sayOutcome({ service, revision, status }: ChangeResult): void {
  if (!status) return say(t('change.accepted', { service, revision }));
  const { state, message } = outcomeOf(status, revision);
  say(`${service}: ${message}`, { bad: state === 'failed' });
}

/** Each place of a declaration that changes, from and to. */
export function Changes({ changes }: { readonly changes: readonly SpecChange[] }) {
  return (
    <ul class="changes">
      {changes.map(({ path, from, to }) => (
        <li key={path}>
          {visible(path)}: {from !== undefined && <span class="was">{shown(from)}</span>} {to !== undefined && <span class="is">{shown(to)}</span>}
        </li>
      ))}
    </ul>
  );
}

const shown = (value: unknown): string => visible(typeof value === 'string' ? value : JSON.stringify(value));
