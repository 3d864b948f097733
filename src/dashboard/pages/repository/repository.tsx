import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { HistoryEntry, Label, Version } from '../../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../../api.ts';
import { Empty, Loading } from '../../components/empty.tsx';
import { Title } from '../../components/title.tsx';
import { t } from '../../i18n/index.ts';
import { events } from '../../live/live.ts';
import { pathTo } from '../../router.ts';
import { visible } from '../../text.ts';
import { Comparison } from './comparison.tsx';
import { HistoryList } from './history-list.tsx';
import { Labels } from './labels.tsx';
import { VersionFacts } from './version-facts.tsx';
import { VersionGraph } from './version-graph.tsx';

const VERSIONS_MAX = 1000;
const HISTORY_MAX = 200;

interface Stored {
  /** Newest first. */
  readonly versions: readonly Version[];
  readonly labels: readonly Label[];
  readonly history: readonly HistoryEntry[];
}

/** One model's history: versions by lineage, labels, differences; with a version, that one's facts. */
export function RepositoryPage({ repository, version }: { readonly repository: string; readonly version?: string }) {
  const stored = useSignal<Stored | null>(null);
  const trouble = useSignal<string | null>(null);
  const load = (): void => {
    Promise.all([api().listVersions(repository, { limit: VERSIONS_MAX }), api().listLabels(repository), api().history(repository, { limit: HISTORY_MAX })]).then(
      ([versions, labels, history]) => {
        stored.value = { versions: versions.toReversed(), labels, history };
        trouble.value = null;
      },
      (error: unknown) => (trouble.value = messageOf(error)),
    );
  };
  const lastChange = events.value.findLast((event) => event.repository === repository)?.id;
  useEffect(load, [repository, lastChange]);
  if (trouble.value !== null && stored.value === null) return <><Title text={repository} /><section class="card"><Empty title={visible(trouble.value)} commands={['lepton-ai versions']} /></section></>;
  if (stored.value === null) return <><Title text={repository} /><Loading /></>;
  const { versions, labels, history } = stored.value;
  const picked = version === undefined ? undefined : versions.find((one) => one.version === version);
  return (
    <>
      <p class="crumbs"><a href={pathTo('repositories')}>{t('nav.repositories')}</a> /{version !== undefined && <> <a href={pathTo('repository', { repository })}>{visible(repository)}</a> /</>}</p>
      <div class="head"><Title text={version === undefined ? repository : `${repository}:${version}`} /></div>
      {version !== undefined && (picked ? <VersionFacts version={picked} /> : <section class="card"><Empty title={t('repository.noVersion', { version: visible(version) })} commands={[`lepton-ai versions ${repository}`]} /></section>)}
      {versions.length === 0
        ? <section class="card"><Empty title={t('repository.empty')} text={t('repository.emptyText')} commands={[`lepton-ai push ${repository}:v1 ./model.onnx`]} /></section>
        : <VersionGraph repository={repository} versions={versions} labels={labels} {...(version !== undefined && { picked: version })} />}
      {versions.length > 0 && version === undefined && <div class="columns"><Labels repository={repository} versions={versions} labels={labels} onChanged={load} /><HistoryList history={history} /></div>}
      {versions.length > 1 && <Comparison repository={repository} versions={versions} {...(picked && { picked })} />}
    </>
  );
}
