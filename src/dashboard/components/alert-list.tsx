import { ago, dateTime } from '../format.ts';
import { t } from '../i18n/index.ts';
import { alerts } from '../live/live.ts';
import { pathTo } from '../router.ts';
import { visible } from '../text.ts';
import { Badge } from './badge.tsx';

/** Rules that fire now, of one service or of all; nothing where none does. */
export function FiringAlerts({ service }: { readonly service?: string }) {
  const firing = alerts.value.filter((alert) => alert.state === 'firing' && (service === undefined || alert.service === service));
  if (firing.length === 0) return null;
  return (
    <section class="card alerts">
      <header><h2>{t('alerts.firing')}</h2></header>
      <ul class="plain">
        {firing.map((alert) => (
          <li key={`${alert.rule} ${alert.service} ${alert.version}`}>
            <div class="row small">
              <Badge tone={alert.severity === 'error' ? 'bad' : 'warn'} text={visible(alert.rule)} />
              <a href={pathTo('service', { service: alert.service })}>{visible(`${alert.service} ${alert.version}`)}</a>
              <time dateTime={alert.since} title={dateTime(alert.since)} class="muted">{ago(alert.since)}</time>
            </div>
            <p class="wrap">{visible(alert.message)}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}
