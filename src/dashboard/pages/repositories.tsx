import type { Repository } from '../../../clients/typescript/src/types.ts';
import { Badge } from '../components/badge.tsx';
import { Empty, Loading } from '../components/empty.tsx';
import { type Column, Table } from '../components/table.tsx';
import { Title } from '../components/title.tsx';
import { ago, dateTime, whole } from '../format.ts';
import { t } from '../i18n/index.ts';
import { repositories } from '../live/live.ts';
import { pathTo } from '../router.ts';
import { visible } from '../text.ts';

export function RepositoriesPage() {
  const all = repositories.value;
  return (
    <>
      <Title text={t('nav.repositories')} />
      <section class="card">
        {all === null ? <Loading /> : all.length === 0
          ? <Empty title={t('repositories.empty')} text={t('repositories.emptyText')} commands={['lepton-ai create-repository my-model --description "spam or not"', 'lepton-ai push my-model:v1 ./model.onnx']} />
          : <Table label={t('nav.repositories')} columns={columns()} rows={all} keyOf={({ name }) => name} searchText={({ name, description, labels }) => `${name} ${description} ${Object.keys(labels).join(' ')}`} />}
      </section>
    </>
  );
}

function columns(): readonly Column<Repository>[] {
  return [
    { id: 'name', title: t('repository.name'), header: true, order: ({ name }) => name, cell: ({ name, description }) => <><a href={pathTo('repository', { repository: name })}>{visible(name)}</a>{description && <div class="muted small wrap">{visible(description)}</div>}</> },
    { id: 'versions', title: t('service.versions'), right: true, order: ({ versionCount }) => versionCount, cell: ({ versionCount }) => whole(versionCount) },
    { id: 'latest', title: t('repository.latest'), cell: ({ name, latestVersion }) => (latestVersion === null ? '–' : <a href={pathTo('version', { repository: name, version: latestVersion })}>{visible(latestVersion)}</a>) },
    { id: 'labels', title: t('repository.labels'), cell: ({ labels }) => <span class="row">{Object.entries(labels).map(([label, version]) => <Badge key={label} tone="accent" text={visible(`${label} → ${version}`)} />)}</span> },
    { id: 'created', title: t('repository.created'), order: ({ createdAt }) => createdAt, cell: ({ createdAt, createdBy }) => <span title={dateTime(createdAt)}>{ago(createdAt)}, {visible(createdBy)}</span> },
  ];
}
