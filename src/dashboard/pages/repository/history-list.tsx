import type { HistoryEntry } from '../../../../clients/typescript/src/types.ts';
import { ago, dateTime } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { visible } from '../../text.ts';

/** What was done to a repository, newest first. */
export function HistoryList({ history }: { readonly history: readonly HistoryEntry[] }) {
  return (
    <section class="card">
      <header><h2>{t('repository.history')}</h2></header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (WCAG 2.1.1). */}
      <section class="short" tabIndex={0} aria-label={t('repository.history')}>
        <ol class="events">
          {history.map((entry) => (
            <li key={`${entry.at} ${entry.action} ${entry.version} ${entry.label}`} class="row small">
              <time dateTime={entry.at} title={dateTime(entry.at)} class="muted">{ago(entry.at)}</time>
              <strong>{t(`history.${entry.action}`)}</strong>
              <span class="wrap">{visible(subjectOf(entry))}</span>
              <span class="muted">{t('events.by', { actor: visible(entry.by) })}</span>
            </li>
          ))}
        </ol>
      </section>
    </section>
  );
}

function subjectOf({ action, version, label, before }: HistoryEntry): string {
  if (action === 'label-moved') return `${label}: ${before ?? '∅'} → ${version}`;
  return label ?? version ?? '';
}
