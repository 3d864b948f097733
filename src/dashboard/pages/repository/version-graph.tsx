import type { Label, Version } from '../../../../clients/typescript/src/types.ts';
import { Badge } from '../../components/badge.tsx';
import { colourOf } from '../../components/colours.ts';
import { type Column, Table } from '../../components/table.tsx';
import { ago, bytes, dateTime } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { services } from '../../live/live.ts';
import { pathTo } from '../../router.ts';
import { visible } from '../../text.ts';
import { type GraphNode, lineage } from './lineage.ts';

interface Row {
  readonly row: number;
  readonly version: Version;
  readonly labels: readonly string[];
  readonly services: readonly string[];
}

interface VersionGraphProps {
  readonly repository: string;
  readonly versions: readonly Version[];
  readonly labels: readonly Label[];
  readonly picked?: string;
}

const [LANE, ROW_HEIGHT] = [16, 44];

/** Versions newest first, with the lines of their lineage. */
export function VersionGraph({ repository, versions, labels, picked }: VersionGraphProps) {
  const graph = lineage(versions.map(({ version, digest, manifest }) => ({ version, digest, parent: manifest.parent })));
  const lanes = Math.max(1, ...graph.map(({ lane }) => lane + 1));
  const rows = versions.map((version, row): Row => ({
    row, version,
    labels: labels.filter((label) => label.version === version.version).map(({ label }) => label),
    services: (services.value ?? []).filter(({ spec }) => spec.deployments.some((deployment) => deployment.repository === repository && deployment.version === version.version)).map(({ name }) => name),
  }));
  const columns: readonly Column<Row>[] = [
    { id: 'graph', title: t('repository.lineage'), cell: ({ row }) => <Lines graph={graph} row={row} lanes={lanes} /> },
    { id: 'version', title: t('service.version'), header: true, cell: ({ version }) => <a href={pathTo('version', { repository, version: version.version })}>{visible(version.version)}</a> },
    { id: 'labels', title: t('repository.labels'), cell: (row) => <span class="row">{row.labels.map((label) => <Badge key={label} tone="accent" text={visible(label)} />)}</span> },
    { id: 'parent', title: t('repository.parent'), cell: ({ version: { parentVersion } }) => (parentVersion === null ? '–' : visible(parentVersion)) },
    { id: 'format', title: t('repository.format'), cell: ({ version }) => version.manifest.format },
    { id: 'size', title: t('repository.size'), right: true, cell: ({ version }) => bytes(version.sizeBytes) },
    { id: 'metadata', title: t('repository.metadata'), cell: ({ version }) => <span class="small wrap">{metadataText(version)}</span> },
    { id: 'services', title: t('repository.usedBy'), cell: (row) => <span class="row small">{row.services.map((service) => <a key={service} href={pathTo('service', { service })}>{visible(service)}</a>)}</span> },
    { id: 'published', title: t('repository.published'), cell: ({ version }) => <span class="small" title={dateTime(version.createdAt)}>{ago(version.createdAt)}, {visible(version.createdBy)}</span> },
  ];
  return (
    <section class="card">
      <header><h2>{t('service.versions')}</h2></header>
      <div class="graph"><Table label={t('service.versions')} columns={columns} rows={rows} keyOf={({ version }) => version.version} pageRows={50} searchText={({ version, labels: own }) => `${version.version} ${own.join(' ')} ${metadataText(version)}`} picked={({ version }) => version.version === picked} /></div>
    </section>
  );
}

const METADATA_CHARACTERS_MAX = 90;
function metadataText({ manifest }: Version): string {
  const text = Object.entries(manifest.metadata).map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ');
  return visible(text.length > METADATA_CHARACTERS_MAX ? `${text.slice(0, METADATA_CHARACTERS_MAX)}…` : text);
}

/** The part of the graph that one row shows: its own dot, lines that pass, lines to and from it. */
function Lines({ graph, row, lanes }: { readonly graph: readonly GraphNode[]; readonly row: number; readonly lanes: number }) {
  const own = graph[row] as GraphNode;
  const x = (lane: number): number => 10 + lane * LANE;
  const middle = ROW_HEIGHT / 2;
  // A line runs in its child's lane down to the parent's row, and there turns into the parent's lane.
  const passing = graph.flatMap(({ lane, parentRow }, child) => (parentRow !== null && child < row && parentRow > row ? [lane] : []));
  const arriving = graph.flatMap(({ lane, parentRow }) => (parentRow === row ? [lane] : []));
  return (
    <svg class="lines" width={x(lanes - 1) + 12} height={ROW_HEIGHT} viewBox={`0 0 ${x(lanes - 1) + 12} ${ROW_HEIGHT}`} aria-hidden="true">
      {[...new Set(passing)].map((lane) => <path key={`p${lane}`} d={`M${x(lane)} 0V${ROW_HEIGHT}`} stroke={colourOf(lane)} fill="none" stroke-width="2" />)}
      {[...new Set(arriving)].map((lane) => <path key={`a${lane}`} d={lane === own.lane ? `M${x(lane)} 0V${middle}` : `M${x(lane)} 0C${x(lane)} ${middle} ${x(lane)} ${middle} ${x(own.lane)} ${middle}`} stroke={colourOf(lane)} fill="none" stroke-width="2" />)}
      {own.parentRow !== null && <path d={`M${x(own.lane)} ${middle}V${ROW_HEIGHT}`} stroke={colourOf(own.lane)} fill="none" stroke-width="2" />}
      <circle cx={x(own.lane)} cy={middle} r="5.5" fill={colourOf(own.lane)} stroke="var(--surface)" stroke-width="2" />
    </svg>
  );
}
