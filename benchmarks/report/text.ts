import { type Goal, type Line, type Table, verdict } from './report.ts';

/** Three significant digits; whole numbers from a hundred on. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-GB');
  return value.toPrecision(3);
}

export function shownGoal(goal: Goal | undefined): string {
  if (!goal) return '';
  return `${goal.at === 'most' ? '≤' : '≥'} ${shown(goal.value)}${goal.aim === undefined ? '' : ` (aim ${shown(goal.aim)})`}`;
}

const LINE_COLUMNS = ['line', 'median', 'spread', 'unit', 'goal', ''] as const;

export function lineTable(title: string, lines: readonly Line[]): Table {
  const rows = lines.map((line) => {
    const { median, low, high, samples } = line.summary;
    return [line.note ? `${line.text} — ${line.note}` : line.text, shown(median), samples.length > 1 ? `${shown(low)}–${shown(high)}` : '', line.unit, shownGoal(line.goal), verdict(line)];
  });
  return { title, columns: [...LINE_COLUMNS], rows };
}

/** For a terminal; columns of numbers stand to the right. */
export function terminalTable({ title, columns, rows }: Table): string {
  const cells = [columns, ...rows].map((row) => row.map((cell) => (typeof cell === 'number' ? shown(cell) : cell)));
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => [...(row[index] ?? '')].length)));
  const isNumeric = columns.map((_, index) => index > 0 && rows.every((row) => /^[-\d.,–k]*$/.test(typeof row[index] === 'number' ? '0' : (row[index] ?? ''))));
  const text = cells.map((row) => row.map((cell, index) => (isNumeric[index] ? cell.padStart(widths[index] as number) : cell.padEnd(widths[index] as number))).join('  ').trimEnd());
  return [title, ...text].filter(Boolean).join('\n');
}

export function markdownTable({ title, columns, rows }: Table): string {
  const line = (cells: readonly (string | number)[]): string => `| ${cells.map((cell) => (typeof cell === 'number' ? shown(cell) : cell.replaceAll('|', '\\|'))).join(' | ')} |`;
  return [...(title ? [`### ${title}`, ''] : []), line(columns), line(columns.map((_, index) => (index ? '--:' : ':--'))), ...rows.map(line)].join('\n');
}
