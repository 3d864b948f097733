import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { SpecChange, Version, VersionDiff } from '../../../../clients/typescript/src/types.ts';
import { api, messageOf } from '../../api.ts';
import { Changes } from '../../components/change-dialog.tsx';
import { Command } from '../../components/command.tsx';
import { Loading } from '../../components/empty.tsx';
import { bytes } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { query, setQuery } from '../../router.ts';
import { shellWord, visible } from '../../text.ts';

/** What two versions differ in: files, signature, metadata. Which two is in the address. */
export function Comparison({ repository, versions, picked }: { readonly repository: string; readonly versions: readonly Version[]; readonly picked?: Version }) {
  const to = query.value.get('to') ?? picked?.version ?? versions[0]?.version ?? '';
  const from = query.value.get('from') ?? versions.find(({ version }) => version === to)?.parentVersion ?? versions.find(({ version }) => version !== to)?.version ?? '';
  const diff = useSignal<VersionDiff | null>(null);
  const trouble = useSignal<string | null>(null);
  useEffect(() => {
    diff.value = trouble.value = null;
    let current = true;
    api().diff(repository, from, to).then((found) => current && (diff.value = found), (error: unknown) => current && (trouble.value = messageOf(error)));
    return () => void (current = false);
  }, [repository, from, to]);
  const choice = (name: 'from' | 'to', value: string) => (
    <label class="field"><span>{t(`comparison.${name}`)}</span>
      <select value={value} onChange={(event) => setQuery({ [name]: event.currentTarget.value })}>{versions.map(({ version }) => <option key={version} value={version}>{visible(version)}</option>)}</select>
    </label>
  );
  return (
    <section class="card">
      <header><h2>{t('comparison.title')}</h2></header>
      <div class="stack">
        <div class="row">{choice('from', from)}{choice('to', to)}</div>
        {trouble.value !== null ? <p class="invalid">{visible(trouble.value)}</p> : diff.value === null ? <Loading /> : <Differences diff={diff.value} />}
        <Command text={['lepton-ai', 'diff', repository, from, to].map(shellWord).join(' ')} />
      </div>
    </section>
  );
}

function Differences({ diff }: { readonly diff: VersionDiff }) {
  const files = diff.files.map(({ path, from, to }): SpecChange => ({ path, ...(from && { from: bytes(from.size) }), ...(to && { to: bytes(to.size) }) }));
  const signature = diff.signature.map(({ side, name, from, to }): SpecChange => ({ path: `${t(`version.${side}`)} ${name}`, ...(from && { from }), ...(to && { to }) }));
  const metadata = diff.metadata.map(({ key, from, to }): SpecChange => ({ path: key, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }));
  if (files.length + signature.length + metadata.length === 0) return <p>{t('comparison.same')}</p>;
  return (
    <>
      {([['version.files', files], ['version.signature', signature], ['repository.metadata', metadata]] as const).map(([title, changes]) => (
        <div key={title}><h3>{t(title)}</h3>{changes.length ? <Changes changes={changes} /> : <p class="muted small">{t('comparison.noDifference')}</p>}</div>
      ))}
    </>
  );
}
