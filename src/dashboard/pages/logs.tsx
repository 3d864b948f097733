import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { LogQuery } from '../../../clients/typescript/src/types.ts';
import { Command } from '../components/command.tsx';
import { Empty, Loading } from '../components/empty.tsx';
import { LogView } from '../components/log-view.tsx';
import { Choice } from '../components/choice.tsx';
import { Title } from '../components/title.tsx';
import { bytes, whole } from '../format.ts';
import { t } from '../i18n/index.ts';
import { services } from '../live/live.ts';
import { useLogLines } from '../live/log-lines.ts';
import { pathTo, query, setQuery } from '../router.ts';
import { shellWord, visible } from '../text.ts';
import { Replicas } from './replicas.tsx';

const PROCESSES = ['worker', 'gateway', 'control'] as const;
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
const SEARCH_DELAY_MS = 300;

/** What control, gateways and replicas wrote, going on by itself. The filter is in the address. */
export function LogsPage({ replica }: { readonly replica?: string }) {
  const following = useSignal(true);
  const [service, version, process, level, search] = ['service', 'version', 'process', 'level', 'search'].map((name) => query.value.get(name) ?? '') as [string, string, string, string, string];
  const wanted: LogQuery = {
    ...(replica !== undefined && { replica }), ...(service && { service }), ...(version && { version }), ...(search && { search }),
    ...(process && { process: process as (typeof PROCESSES)[number] }), ...(level && { level: level as (typeof LEVELS)[number] }),
  };
  const { lines, skippedBytes, trouble } = useLogLines(wanted, following.value);
  const versions = services.value?.find(({ name }) => name === service)?.versions.map((one) => one.version) ?? [];
  return (
    <>
      {replica !== undefined && <p class="crumbs"><a href={pathTo('logs')}>{t('nav.logs')}</a> /</p>}
      <Title text={replica === undefined ? t('nav.logs') : t('logs.ofReplica', { replica })} />
      <section class="card stack">
        <div class="row">
          {replica === undefined && <Choice name="service" label={t('service.service')} value={service} options={(services.value ?? []).map(({ name }) => name)} />}
          {replica === undefined && service && <Choice name="version" label={t('service.version')} value={version} options={versions} />}
          {replica === undefined && <Choice name="process" label={t('logs.process')} value={process} options={PROCESSES} />}
          <Choice name="level" label={t('logs.level')} value={level} options={LEVELS} />
          <Search value={search} />
          <label class="choice"><input type="checkbox" checked={following.value} onChange={() => (following.value = !following.value)} />{t('logs.follow')}</label>
        </div>
        {trouble !== null && <p class="trouble" role="alert">{visible(trouble)}</p>}
        {skippedBytes > 0 && <p class="small invalid">{t('logs.skipped', { size: bytes(skippedBytes) })}</p>}
        {lines === null ? trouble === null && <Loading /> : lines.length === 0
          ? <Empty title={t('logs.none')} text={t('logs.noneText')} />
          : <><LogView lines={lines} following={following.value} /><p class="muted small numbers">{t('logs.lines', { count: whole(lines.length) })}</p></>}
        <Command text={commandOf(wanted)} />
      </section>
      <Replicas service={service} {...(replica !== undefined && { picked: replica })} />
    </>
  );
}

function commandOf({ service, version, replica, process, level, search }: LogQuery): string {
  const options = Object.entries({ process, level, search }).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return ['lepton-ai', 'logs', ...(replica ? [replica] : service ? [version ? `${service}:${version}` : service] : []), ...options, '-f'].map(shellWord).join(' ');
}

/** Asks the server a moment after the last key. */
function Search({ value }: { readonly value: string }) {
  const text = useSignal(value);
  useEffect(() => {
    const timer = setTimeout(() => setQuery({ search: text.value }), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text.value]);
  return <label class="field"><span>{t('filter.search')}</span><input type="search" maxLength={256} value={text.value} onInput={(event) => (text.value = event.currentTarget.value)} /></label>;
}
