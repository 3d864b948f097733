import { BARS, Sheet } from '../../src/plot/index.ts';
import { type Line, type Report, verdict } from './report.ts';
import { shown, shownGoal } from './text.ts';

/** A goal that is missed by more is drawn to the edge. */
const GOAL_SHARE_MAX = 2;
const COLOURS = { PASS: '#2a8c5a', MISS: '#c4453c', '': '#7a869a', ours: '#2f6fb7', others: '#b4bdca' } as const;

/** The goals and the scenarios' charts as one picture, without scripts or fonts of its own. */
export function plot(report: Report): string {
  const lines = report.scenarios.flatMap((scenario) => scenario.lines).filter(({ goal }) => goal);
  const charts = report.scenarios.flatMap((scenario) => scenario.charts ?? []);
  const sheet = new Sheet();
  sheet.heading('Goals: a bar up to the line holds');
  const goalAt = BARS.from + BARS.length / GOAL_SHARE_MAX;
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
