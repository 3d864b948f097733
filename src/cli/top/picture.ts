import { layOut } from '../columns.ts';
import { formatBytes, formatMs, harmless, phaseCell, type Cell } from '../output.ts';
import { SORTS, sorted, type SortKey, type TopRow } from './rows.ts';

export const TOP_HEAD = ['service', 'version', 'phase', 'traffic', 'wanted', 'req/s', 'errors', 'p50', 'p99', 'queue', 'batch', 'busy', 'cpu', 'memory', 'replicas'] as const;
/** What a narrow terminal does without, the least telling first. */
export const TOP_DROP = ['batch', 'busy', 'replicas', 'queue', 'wanted', 'p50', 'memory', 'phase'] as const;

export const NO_VERSIONS = 'no service has a version: lepton-ai deploy REPOSITORY:VERSION --service NAME';

const percent = (share: number | null): string => (share === null ? '-' : `${share > 0 && share < 0.0995 ? (share * 100).toFixed(1) : Math.round(share * 100)} %`);
const decimal = (value: number | null): string => (value === null ? '-' : value >= 100 ? String(Math.round(value)) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** A version as cells of the table. */
export function topCells(row: TopRow): Cell[] {
  const failing = (row.error_ratio ?? 0) >= 0.01;
  return [
    row.service, row.version, phaseCell(row.phase), percent(row.traffic_share), `${row.weight} %`, decimal(row.request_rate),
    failing ? { text: percent(row.error_ratio), style: 'red' } : percent(row.error_ratio),
    formatMs(row.latency_p50), formatMs(row.latency_p99), decimal(row.queue_length), decimal(row.batch_size), percent(row.busy_share), decimal(row.cpu),
    row.memory === null ? '-' : formatBytes(row.memory), `${row.replicasReady}/${row.replicasDesired}`,
  ];
}

export interface PictureOptions {
  readonly columns: number;
  readonly lines: number;
  readonly sort: SortKey;
  /** Rows above the window. */
  readonly offset: number;
  /** Why there is no news; null: there is. */
  readonly problem: string | null;
  readonly time: string;
  readonly paint: (style: 'dim' | 'bold' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string;
}

/** What the screen shows: at most `lines` lines of at most `columns` characters. Pure. */
export function picture(rows: readonly TopRow[], options: PictureOptions): string[] {
  const { columns, lines, offset, problem, paint } = options;
  const ordered = sorted(rows, options.sort);
  const cells = ordered.map(topCells);
  const texts = cells.map((row) => row.map((cell) => harmless(plain(cell)).replace(/\s+/g, ' ')));
  const shown = fitting(layOut(TOP_HEAD, texts, columns, { drop: TOP_DROP }).columns, columns);
  const room = Math.max(1, lines - HEAD_LINES - 1);
  const window = texts.slice(offset, offset + room);
  const line = (parts: readonly string[]): string => parts.join(' '.repeat(GAP)).trimEnd();
  const head = line(shown.map(({ index, width }) => pad((TOP_HEAD[index] ?? '').toUpperCase(), width, index)));
  const body = window.map((row, at) => line(shown.map(({ index, width }) => {
    const cell = cells[offset + at]?.[index];
    const text = pad(row[index] ?? '', width, index);
    return typeof cell === 'object' && cell !== null ? paint(cell.style, text) : text;
  })));
  const more = ordered.length > room ? `  ${offset + 1}-${Math.min(ordered.length, offset + room)} of ${ordered.length}, ↑ ↓ to see the others` : '';
  const summary = problem === null ? summaryOf(rows) : `no news: ${harmless(problem)}`;
  return [
    cutTo(`lepton-ai top  ${options.time}  ${summary}`, columns, problem === null ? (text) => paint('bold', text) : (text) => paint('red', text)),
    '',
    paint('dim', head),
    ...body,
    ...(rows.length ? [] : [NO_VERSIONS]),
    cutTo(`sort: ${(Object.entries(SORTS)).map(([key, { name }]) => (key === options.sort ? `[${name}]` : `${key} ${name}`)).join(' · ')} · q quit${more}`, columns, (text) => paint('dim', text)),
  ];
}

const GAP = 2;
/** Lines over the rows. */
export const HEAD_LINES = 3;

function summaryOf(rows: readonly TopRow[]): string {
  const sum = (of: (row: TopRow) => number | null): number => rows.reduce((total, row) => total + (of(row) ?? 0), 0);
  return `${rows.length} versions of ${new Set(rows.map(({ service }) => service)).size} services · ${decimal(sum((row) => row.request_rate))} requests/s · ${decimal(sum((row) => row.cpu))} cores · ${formatBytes(sum((row) => row.memory))}`;
}

/** Where even the narrowest columns are too wide together, the first ones. */
function fitting<C extends { readonly width: number }>(columns: readonly C[], available: number): C[] {
  let used = 0;
  return columns.filter(({ width }) => (used += width + GAP) - GAP <= available);
}

/** Names to the left, figures to the right. */
function pad(text: string, width: number, index: number): string {
  const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
  return index < 3 ? cut.padEnd(width) : cut.padStart(width);
}

const cutTo = (text: string, width: number, paint: (text: string) => string): string => paint(text.length > width ? text.slice(0, width) : text);
const plain = (cell: Cell): string => (cell === null || cell === undefined ? '-' : typeof cell === 'object' ? cell.text : String(cell));
