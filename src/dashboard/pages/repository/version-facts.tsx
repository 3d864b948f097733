import type { ComponentChildren } from 'preact';
import type { Version } from '../../../../clients/typescript/src/types.ts';
import { Command } from '../../components/command.tsx';
import { type Column, Table } from '../../components/table.tsx';
import { bytes, dateTime } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { pathTo } from '../../router.ts';
import { visible } from '../../text.ts';

type Tensor = Version['manifest']['signature']['inputs'][number];
interface SignatureRow {
  readonly side: 'input' | 'output';
  readonly tensor: Tensor;
}

/** Everything that is known of one version. */
export function VersionFacts({ version }: { readonly version: Version }) {
  const { repository, manifest } = version;
  const signature: readonly SignatureRow[] = [...manifest.signature.inputs.map((tensor) => ({ side: 'input', tensor }) as const), ...manifest.signature.outputs.map((tensor) => ({ side: 'output', tensor }) as const)];
  return (
    <>
      <div class="columns">
        <section class="card">
          <header><h2>{t('version.facts')}</h2></header>
          <dl class="facts">
            <Fact name={t('version.digest')}><code class="wrap">{version.digest}</code></Fact>
            <Fact name={t('repository.parent')}>{version.parentVersion === null ? '–' : <a href={pathTo('version', { repository, version: version.parentVersion })}>{visible(version.parentVersion)}</a>}</Fact>
            <Fact name={t('repository.format')}>{manifest.format}</Fact>
            <Fact name={t('repository.size')}>{bytes(version.sizeBytes)}</Fact>
            <Fact name={t('repository.published')}>{dateTime(version.createdAt)}, {visible(version.createdBy)}</Fact>
            {Object.entries({ ...manifest.metadata, ...manifest.model }).map(([name, value]) => <Fact key={name} name={visible(name)}>{visible(typeof value === 'string' ? value : JSON.stringify(value))}</Fact>)}
          </dl>
        </section>
        <section class="card">
          <header><h2>{t('version.signature')}</h2></header>
          <Table label={t('version.signature')} columns={signatureColumns()} rows={signature} keyOf={({ side, tensor }) => `${side} ${tensor.name}`} />
        </section>
      </div>
      <section class="card">
        <header><h2>{t('version.files')}</h2></header>
        <Table label={t('version.files')} columns={fileColumns(version)} rows={manifest.files} keyOf={({ path }) => path} />
        <div class="stack run"><h3>{t('version.run')}</h3><Command text={`lepton-ai deploy ${repository}:${version.version} --service ${repository}`} /></div>
      </section>
    </>
  );
}

const Fact = ({ name, children }: { readonly name: string; readonly children: ComponentChildren }) => <><dt>{name}</dt><dd>{children}</dd></>;

function signatureColumns(): readonly Column<SignatureRow>[] {
  return [
    { id: 'name', title: t('version.tensor'), header: true, cell: ({ tensor }) => visible(tensor.name) },
    { id: 'side', title: t('version.side'), cell: ({ side }) => t(`version.${side}`) },
    { id: 'datatype', title: t('version.datatype'), cell: ({ tensor }) => (tensor.untyped ? t('version.untyped') : tensor.datatype) },
    { id: 'shape', title: t('version.shape'), cell: ({ tensor }) => <code>{shapeText(tensor)}</code> },
  ];
}

const shapeText = ({ shape, dimensionNames, untyped }: Tensor): string => (untyped ? '–' : `[${shape.map((size, index) => (size === -1 ? visible(dimensionNames?.[index] || '?') : size)).join(', ')}]`);

function fileColumns({ repository, version }: Version): readonly Column<Version['manifest']['files'][number]>[] {
  const hrefOf = (path: string): string => `/api/v1/repositories/${[repository, 'versions', version, 'files', ...path.split('/')].map(encodeURIComponent).join('/')}`;
  return [
    { id: 'path', title: t('version.path'), header: true, order: ({ path }) => path, cell: ({ path }) => <a href={hrefOf(path)} download={path.split('/').at(-1)}>{visible(path)}</a> },
    { id: 'size', title: t('repository.size'), right: true, order: ({ size }) => size, cell: ({ size }) => bytes(size) },
    { id: 'digest', title: t('version.digest'), cell: ({ digest }) => <code class="wrap">{digest.slice(0, 23)}…</code> },
  ];
}
