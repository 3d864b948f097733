import { signal } from '@preact/signals';
import { t } from '../i18n/index.ts';
import { visible } from '../text.ts';

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly bad: boolean;
}

const SHOWN_MS = 8000;
const TOASTS_MAX = 4;
const toasts = signal<readonly Toast[]>([]);
let lastId = 0;

/** Says what happened; what went wrong stays until it is closed. */
export function say(text: string, options: { readonly bad?: boolean } = {}): void {
  const id = ++lastId;
  toasts.value = [...toasts.value, { id, text, bad: options.bad ?? false }].slice(-TOASTS_MAX);
  if (!options.bad) setTimeout(() => close(id), SHOWN_MS);
}

const close = (id: number): void => void (toasts.value = toasts.value.filter((toast) => toast.id !== id));

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, bad }) => (
        <div key={id} class={`toast ${bad ? 'bad' : ''}`}>
          <p>{visible(text)}</p>
          <button type="button" class="button small" onClick={() => close(id)} aria-label={t('action.close')}>×</button>
        </div>
      ))}
    </div>
  );
}
