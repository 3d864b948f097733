import { useSignal } from '@preact/signals';
import type { ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { colourOf } from '../../components/colours.ts';
import { Flow } from '../../components/flow.tsx';
import { perSecond } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { ring } from '../../live/live.ts';
import { sharesOf, sum } from '../../live/shares.ts';
import { pathTo } from '../../router.ts';
import { visible } from '../../text.ts';
import { TrafficEditor } from './traffic-editor.tsx';

/** Versions that the picture shows; the table has them all. */
const PICTURED = 10;

/** Where the service's requests go, and the way to change it. */
export function TrafficCard({ service }: { readonly service: ServiceStatus }) {
  const editing = useSignal(false);
  const shares = sharesOf(service, ring);
  const picked = shares.toSorted((a, b) => b.wanted + (b.real ?? 0) - a.wanted - (a.real ?? 0)).slice(0, PICTURED).toSorted((a, b) => a.index - b.index);
  const targets = picked.map(({ version, index, wanted, real, rates }) => ({
    name: version, href: pathTo('version', { repository: service.versions[index]?.repository ?? '', version }), colour: colourOf(index), wanted, real,
    requestsPerSecond: rates.requestsPerSecond, ...(wanted === 0 && { note: t('service.dark') }),
  }));
  return (
    <section class="card">
      <header>
        <h2>{t('service.traffic')}</h2>
        <span class="muted small">{policyText(service)}</span>
        <span class="end">{!editing.value && <button type="button" class="button" onClick={() => (editing.value = true)}>{t('traffic.edit')}</button>}</span>
      </header>
      {editing.value ? <TrafficEditor service={service} onClose={() => (editing.value = false)} /> : <Flow source={perSecond(sum(shares.map(({ rates }) => rates.requestsPerSecond)))} targets={targets} label={t('service.traffic')} />}
      {!editing.value && shares.length > PICTURED && <p class="muted small">{t('service.pictured', { shown: PICTURED, count: shares.length })}</p>}
    </section>
  );
}

function policyText({ spec: { traffic } }: ServiceStatus): string {
  if (traffic.kind === 'version') return t('traffic.isVersion', { version: visible(traffic.version) });
  if (traffic.kind === 'label') return t('traffic.isLabel', { label: visible(`${traffic.repository}:${traffic.label}`) });
  if (!traffic.sticky) return t('traffic.isWeights');
  return t('traffic.isSticky', { key: visible('header' in traffic.sticky ? traffic.sticky.header : traffic.sticky.parameter) });
}
