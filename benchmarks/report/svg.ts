import { type Line, type Report, verdict } from './report.ts';
import { shown, shownGoal } from './text.ts';

const [WIDTH, LABELS, VALUES, ROW, BAR] = [1160, 510, 190, 24, 14] as const;
const TRACK = WIDTH - LABELS - VALUES;
/** A goal that is missed by more is drawn to the edge. */
const GOAL_SHARE_MAX = 2;
const COLOURS = { PASS: '#2a8c5a', MISS: '#c4453c', '': '#7a869a', ours: '#2f6fb7', others: '#b4bdca' } as const;

/** The goals and the scenarios' charts as one picture, without scripts or fonts of its own. */
export function plot(report: Report): string {
  const lines = report.scenarios.flatMap((scenario) => scenario.lines).filter(({ goal }) => goal);
  const charts = report.scenarios.flatMap((scenario) => scenario.charts ?? []);
  const sheet = new Sheet();
  sheet.heading('Goals: a bar up to the line holds');
  const goalAt = LABELS + TRACK / GOAL_SHARE_MAX;
  const top = sheet.height;
  for (const line of lines) sheet.row(line.text, goalShare(line) / GOAL_SHARE_MAX, `${shown(line.summary.median)} ${line.unit}, goal ${shownGoal(line.goal)}`, COLOURS[verdict(line)]);
  sheet.rule(goalAt, top, sheet.height);
  for (const { title, bars, unit } of charts) {
    sheet.heading(title);
    const most = Math.max(...bars.map(({ value }) => value));
    for (const { label, value, ours } of bars) sheet.row(label, value / most, `${shown(value)} ${unit}`, ours ? COLOURS.ours : COLOURS.others);
  }
  sheet.note(`${report.startedAt.slice(0, 10)}, ${Object.entries(report.versions).slice(0, 3).map(([name, version]) => `${name} ${version}`).join(', ')}; ${report.machine['cores']} cores, ${report.machine['cpu']}`);
  return sheet.toString();
}

/** How much of what the goal allows is used: 1 is exactly at the goal, more is a miss. */
export function goalShare({ goal, summary }: Line): number {
  if (!goal) return 0;
  if (goal.value === 0) return summary.median > 0 ? GOAL_SHARE_MAX : 0;
  return goal.at === 'most' ? summary.median / goal.value : goal.value / summary.median;
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Rows of bars from top to bottom. */
class Sheet {
  readonly #parts: string[] = [];
  height = 16;

  heading(text: string): void {
    this.height += 20;
    this.#text(16, this.height, text, 'font-weight="bold"');
    this.height += 12;
  }

  row(label: string, share: number, value: string, colour: string): void {
    const width = Math.max(1, Math.min(1, Number.isFinite(share) ? share : 1) * TRACK);
    const middle = this.height + ROW / 2;
    this.#text(LABELS - 10, middle + 4, label, 'text-anchor="end"');
    this.#parts.push(`<rect x="${LABELS}" y="${middle - BAR / 2}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${colour}"/>`);
    this.#text(LABELS + width + 8, middle + 4, value, 'fill="#3b4454"');
    this.height += ROW;
  }

  rule(x: number, from: number, to: number): void {
    this.#parts.push(`<line x1="${x}" x2="${x}" y1="${from}" y2="${to}" stroke="#1d2430" stroke-dasharray="4 3"/>`);
  }

  note(text: string): void {
    this.height += 26;
    this.#text(16, this.height, text, 'fill="#5b6575"');
    this.height += 14;
  }

  toString(): string {
    const opening = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${this.height}" width="${WIDTH}" height="${this.height}" font-family="system-ui, sans-serif" font-size="12" fill="#1d2430">`;
    return [opening, `<rect width="${WIDTH}" height="${this.height}" fill="#ffffff"/>`, ...this.#parts, '</svg>', ''].join('\n');
  }

  #text(x: number, y: number, text: string, attributes: string): void {
    this.#parts.push(`<text x="${x.toFixed(1)}" y="${y}" ${attributes}>${escaped(text)}</text>`);
  }
}
