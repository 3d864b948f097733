import { t } from '../i18n/index.ts';
import { Command } from './command.tsx';

/** Nothing is there; says what to do about it. */
export function Empty({ title, text, commands = [] }: { readonly title: string; readonly text?: string; readonly commands?: readonly string[] }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      {text && <p>{text}</p>}
      {commands.map((command) => <Command key={command} text={command} />)}
    </div>
  );
}

export const Loading = () => <p class="muted" role="status">{t('state.loading')}</p>;
