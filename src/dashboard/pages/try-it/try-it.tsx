import { type Signal, signal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import type { ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { api, inference, messageOf } from '../../api.ts';
import { Equivalents } from '../../components/command.tsx';
import { Empty, Loading } from '../../components/empty.tsx';
import { Title } from '../../components/title.tsx';
import { t } from '../../i18n/index.ts';
import { services } from '../../live/live.ts';
import { navigate, pathTo } from '../../router.ts';
import { visible } from '../../text.ts';
import { Answers, type TriedAnswer } from './answers.tsx';
import { type FieldValue, InputField } from './input-field.tsx';
import { inferEquivalent, requestJson } from './request-text.ts';
import type { TensorSpec } from './tensors.ts';

const TIMEOUT_MS = 60_000;
/** Versions that one click asks. */
const ASKED_MAX = 12;

/** Sends one request to several versions, and shows their answers side by side. */
export function TryItPage({ service: name }: { readonly service?: string }) {
  const all = services.value;
  const found = all?.find((one) => one.name === name);
  return (
    <>
      <Title text={name === undefined ? t('nav.tryIt') : t('tryIt.title', { service: name })} />
      {all === null && <Loading />}
      {all?.length === 0 && <section class="card"><Empty title={t('overview.noServiceTitle')} text={t('overview.noServiceText')} commands={['lepton-ai deploy my-model:v1 --service my-service']} /></section>}
      {all && all.length > 0 && (
        <label class="field"><span>{t('service.service')}</span>
          <select value={name ?? ''} onChange={(event) => navigate(pathTo('tryService', { service: event.currentTarget.value }))}>
            <option value="" disabled>{t('tryIt.choose')}</option>
            {all.map((one) => <option key={one.name} value={one.name}>{visible(one.name)}</option>)}
          </select>
        </label>
      )}
      {all && name !== undefined && !found && <p>{t('service.missing', { service: visible(name) })}</p>}
      {found && <Trial key={found.name} service={found} />}
    </>
  );
}

function Trial({ service }: { readonly service: ServiceStatus }) {
  const inputs = useSignal<readonly TensorSpec[] | null>(null);
  const trouble = useSignal<string | null>(null);
  const model = service.spec.deployments[0];
  useEffect(() => {
    if (!model) return;
    api().getVersion(model.repository, model.version).then(({ manifest }) => (inputs.value = manifest.signature.inputs), (error: unknown) => (trouble.value = messageOf(error)));
  }, [model?.digest]);
  if (trouble.value !== null) return <p class="trouble" role="alert">{visible(trouble.value)}</p>;
  return inputs.value === null ? <Loading /> : <Request service={service} specs={inputs.value} />;
}

function Request({ service, specs }: { readonly service: ServiceStatus; readonly specs: readonly TensorSpec[] }) {
  const fields = useMemo(() => specs.map((): Signal<FieldValue> => signal({ tensor: null, fault: null })), [specs]);
  const answering = service.versions.filter(({ phase }) => phase === 'ready').map(({ version }) => version);
  const asked = useSignal<ReadonlySet<string>>(new Set(answering.slice(0, ASKED_MAX)));
  const byTraffic = useSignal(false);
  const header = useSignal({ name: '', value: '' });
  const answers = useSignal<readonly TriedAnswer[] | null>(null);
  const working = useSignal(false);
  const tensors = useComputed(() => Object.fromEntries(specs.flatMap(({ name }, index) => (fields[index]?.value.tensor ? [[name, fields[index].value.tensor]] : []))));
  const complete = Object.keys(tensors.value).length === specs.length;
  const headers: Record<string, string> = header.value.name ? { [header.value.name]: header.value.value } : {};
  const targets = [...(byTraffic.value ? [null] : []), ...answering.filter((version) => asked.value.has(version))].slice(0, ASKED_MAX);

  const ask = async (version: string | null): Promise<TriedAnswer> => {
    const started = performance.now();
    const options = { timeoutMs: TIMEOUT_MS, headers, ...(version !== null && { version }) };
    const outcome = await inference.infer(service.name, tensors.value, options).then((result) => ({ result, refusal: null }), (error: unknown) => ({ result: null, refusal: messageOf(error) }));
    return { asked: version, ...outcome, elapsedMs: performance.now() - started };
  };
  const send = async (): Promise<void> => {
    working.value = true;
    answers.value = await Promise.all(targets.map(ask));
    working.value = false;
  };
  const toggle = (version: string): void => {
    const next = new Set(asked.value);
    if (!next.delete(version)) next.add(version);
    asked.value = next;
  };
  return (
    <>
      <section class="card stack">
        {specs.map((spec, index) => <InputField key={spec.name} spec={spec} value={fields[index] as Signal<FieldValue>} />)}
        <fieldset>
          <legend>{t('tryIt.versions')}</legend>
          <div class="row">
            <label class="choice"><input type="checkbox" checked={byTraffic.value} onChange={() => (byTraffic.value = !byTraffic.value)} />{t('tryIt.byTraffic')}</label>
            {answering.map((version) => <label key={version} class="choice"><input type="checkbox" checked={asked.value.has(version)} onChange={() => toggle(version)} />{visible(version)}</label>)}
          </div>
          {answering.length === 0 && <p class="muted">{t('tryIt.noneReady')}</p>}
        </fieldset>
        <div class="row">
          <label class="field"><span>{t('tryIt.headerName')}</span><input value={header.value.name} placeholder="x-user" onInput={(event) => (header.value = { ...header.value, name: event.currentTarget.value.trim() })} /></label>
          <label class="field"><span>{t('tryIt.headerValue')}</span><input value={header.value.value} onInput={(event) => (header.value = { ...header.value, value: event.currentTarget.value })} /></label>
        </div>
        <div class="row">
          <button type="button" class="button primary" disabled={!complete || targets.length === 0 || working.value} onClick={() => void send()}>{working.value ? t('state.working') : t('tryIt.send', { count: targets.length })}</button>
          {complete && <button type="button" class="button" onClick={() => saveFile('request.json', requestJson(tensors.value))}>{t('tryIt.save')}</button>}
        </div>
        {complete && <Equivalents {...inferEquivalent({ service: service.name, version: targets[0] ?? null, inputs: tensors.value, headers }, location.origin)} />}
      </section>
      <div aria-live="polite">{answers.value && <Answers answers={answers.value} />}</div>
    </>
  );
}

function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
