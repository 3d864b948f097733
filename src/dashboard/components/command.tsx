import { useSignal } from '@preact/signals';
import type { Equivalent } from '../equivalents.ts';
import { t } from '../i18n/index.ts';
import { visible } from '../text.ts';

const COPIED_MS = 1500;

/** A command line to copy. */
export function Command({ text }: { readonly text: string }) {
  const copied = useSignal(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard?.writeText(text);
    copied.value = true;
    setTimeout(() => (copied.value = false), COPIED_MS);
  };
  return (
    <div class="command">
      <pre>{visible(text)}</pre>
      <button type="button" class="button small copy" onClick={() => void copy()}>{copied.value ? t('action.copied') : t('action.copy')}</button>
    </div>
  );
}

/** The same as what the page would do, for a terminal. */
export function Equivalents({ cli, curl }: Equivalent) {
  return (
    <details>
      <summary>{t('commands.title')}</summary>
      <div class="commands">
        <div><h4>{t('commands.cli')}</h4><Command text={cli} /></div>
        <div><h4>{t('commands.curl')}</h4><Command text={curl} /></div>
      </div>
    </details>
  );
}
