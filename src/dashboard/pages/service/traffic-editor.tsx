import { useSignal } from '@preact/signals';
import type { ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { api, user } from '../../api.ts';
import { ChangeDialog, WAIT_SECONDS } from '../../components/change-dialog.tsx';
import { colourOf } from '../../components/colours.ts';
import { ShareBar } from '../../components/flow.tsx';
import { trafficEquivalent } from '../../equivalents.ts';
import { number } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { repositories } from '../../live/live.ts';
import { visible } from '../../text.ts';
import { draftOf, evenly, faultOf, inputOf, type StickyKind, type TrafficDraft, type TrafficKind, weightSum, withWeight } from './traffic-draft.ts';

const KINDS: readonly TrafficKind[] = ['weights', 'version', 'label'];
const STICKY_KINDS: readonly StickyKind[] = ['none', 'header', 'parameter'];

/** Says which version answers a request that names none. Nothing changes before the preview is confirmed. */
export function TrafficEditor({ service, onClose }: { readonly service: ServiceStatus; readonly onClose: () => void }) {
  const draft = useSignal<TrafficDraft>(draftOf(service));
  /** What somebody sees is what is changed: a revision that came meanwhile refuses it. */
  const revision = useSignal(service.revision);
  const asking = useSignal(false);
  const fault = faultOf(draft.value);
  const change = (changes: Partial<TrafficDraft>): void => void (draft.value = { ...draft.value, ...changes });
  const send = (options: object) => api().setTraffic(service.name, inputOf(draft.value), { expectRevision: revision.value, ...options });
  return (
    <div class="stack">
      <fieldset>
        <legend>{t('traffic.kind')}</legend>
        <div class="row">
          {KINDS.map((kind) => (
            <label key={kind} class="choice"><input type="radio" name="traffic-kind" checked={draft.value.kind === kind} onChange={() => change({ kind })} />{t(`traffic.${kind}`)}</label>
          ))}
        </div>
      </fieldset>
      {draft.value.kind === 'weights' && <Weights service={service} draft={draft.value} onChange={(value) => (draft.value = value)} />}
      {draft.value.kind === 'version' && (
        <label class="field"><span>{t('traffic.version')}</span>
          <select value={draft.value.version} onChange={(event) => change({ version: event.currentTarget.value })}>{service.spec.deployments.map(({ version }) => <option key={version} value={version}>{visible(version)}</option>)}</select>
        </label>
      )}
      {draft.value.kind === 'label' && <LabelField service={service} draft={draft.value} onChange={(label) => change({ label })} />}
      {draft.value.kind === 'weights' && (
        <div class="row">
          <label class="field"><span>{t('traffic.sticky')}</span>
            <select value={draft.value.sticky} onChange={(event) => change({ sticky: event.currentTarget.value as StickyKind })}>{STICKY_KINDS.map((kind) => <option key={kind} value={kind}>{t(`traffic.sticky.${kind}`)}</option>)}</select>
          </label>
          {draft.value.sticky !== 'none' && <label class="field"><span>{t('traffic.stickyName')}</span><input value={draft.value.stickyName} placeholder="x-user" onInput={(event) => change({ stickyName: event.currentTarget.value })} /></label>}
        </div>
      )}
      <p class={fault ? 'invalid small' : 'muted small'} role="status">{fault ? t(`traffic.fault.${fault}`, { sum: number(weightSum(draft.value)) }) : t('traffic.ready')}</p>
      <div class="row">
        <button type="button" class="button primary" disabled={fault !== null} onClick={() => (asking.value = true)}>{t('traffic.preview')}</button>
        <button type="button" class="button" onClick={onClose}>{t('action.cancel')}</button>
      </div>
      {asking.value && (
        <ChangeDialog
          title={t('traffic.dialog', { service: visible(service.name) })}
          preview={async () => (await send({ dryRun: true })).changes}
          perform={async (reason) => {
            const result = await send({ waitSeconds: WAIT_SECONDS, ...(reason && { reason }) });
            onClose();
            return result;
          }}
          equivalent={(reason) => trafficEquivalent(service.name, inputOf(draft.value), reason, { origin: location.origin, user: user.value })}
          onClose={() => (asking.value = false)}
        />
      )}
    </div>
  );
}

function Weights({ service, draft, onChange }: { readonly service: ServiceStatus; readonly draft: TrafficDraft; readonly onChange: (draft: TrafficDraft) => void }) {
  const names = Object.keys(draft.weights);
  const indexOf = (name: string): number => service.versions.findIndex(({ version }) => version === name);
  return (
    <div class="stack">
      <ShareBar shares={names.map((name) => ({ name, share: draft.weights[name] ?? 0, colour: colourOf(indexOf(name)) }))} label={names.map((name) => `${visible(name)} ${draft.weights[name]} %`).join(', ')} />
      <div class="weights">
        {names.map((name) => (
          <div key={name} class="weight">
            <span class="choice wrap"><span class="swatch" style={{ background: colourOf(indexOf(name)) }} aria-hidden="true" />{visible(name)}</span>
            <input type="range" min="0" max="100" step="1" value={draft.weights[name]} aria-label={t('traffic.weightOf', { version: visible(name) })} onInput={(event) => onChange(withWeight(draft, name, Number(event.currentTarget.value)))} />
            <input type="number" min="0" max="100" step="any" value={draft.weights[name]} aria-label={t('traffic.percentOf', { version: visible(name) })} onInput={(event) => onChange({ ...draft, weights: { ...draft.weights, [name]: Math.min(100, Math.max(0, Number(event.currentTarget.value) || 0)) } })} />
          </div>
        ))}
      </div>
      <div><button type="button" class="button small" onClick={() => onChange(evenly(draft))}>{t('traffic.evenly')}</button></div>
    </div>
  );
}

function LabelField({ service, draft, onChange }: { readonly service: ServiceStatus; readonly draft: TrafficDraft; readonly onChange: (label: string) => void }) {
  const used = new Set(service.spec.deployments.map(({ repository }) => repository));
  const labels = (repositories.value ?? []).filter(({ name }) => used.has(name)).flatMap(({ labels }) => Object.entries(labels));
  if (labels.length === 0) return <p class="muted">{t('traffic.noLabels')}</p>;
  return (
    <label class="field"><span>{t('traffic.label')}</span>
      <select value={draft.label} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">–</option>
        {labels.map(([label, version]) => <option key={label} value={label}>{visible(`${label} → ${version}`)}</option>)}
      </select>
    </label>
  );
}
