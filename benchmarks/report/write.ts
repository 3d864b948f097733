import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from './report.ts';
import { verdict } from './report.ts';
import { plot } from './svg.ts';
import { lineTable, markdownTable, terminalTable } from './text.ts';

/** Writes JSON, Markdown and the plot. */
export function writeReport(report: Report, directory: string, name: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, `${name}.json`), `${JSON.stringify(rounded(report))}\n`);
  writeFileSync(join(directory, `${name}.md`), markdown(report));
  writeFileSync(join(directory, `${name}.svg`), plot(report));
}

/** Five digits are more than any of this is worth. */
const rounded = (report: Report): unknown => JSON.parse(JSON.stringify(report), (_, value: unknown) => (typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value));

/** For the terminal. */
export function summary(report: Report): string {
  const lines = report.scenarios.flatMap(({ lines }) => lines).filter(({ goal }) => goal);
  const passed = lines.filter((line) => verdict(line) === 'PASS').length;
  const failed = report.scenarios.filter(({ error }) => error).map(({ scenario, error }) => `${scenario} failed: ${error}`);
  return [terminalTable(lineTable('goals', lines)), '', surroundings(report), ...failed, `${passed} of ${lines.length} goals held in ${report.seconds} s${report.quick ? ' (quick: fewer rounds)' : ''}${report.interrupted ? ' (interrupted)' : ''}`].join('\n');
}

const pairs = (facts: Readonly<Record<string, string>>): string => Object.entries(facts).map(([name, value]) => `${name} ${value}`).join(', ');
const surroundings = ({ machine, versions }: Report): string => `machine: ${pairs(machine)}\nversions: ${pairs(versions)}`;

function markdown(report: Report): string {
  const lines = report.scenarios.flatMap(({ lines }) => lines);
  const parts = ['<!-- Written by `make bench REFERENCE=1`. -->', `Taken ${report.startedAt.slice(0, 16).replace('T', ' ')} UTC in ${report.seconds} s${report.quick ? ', quick' : ''}.`, surroundings(report).replace('\n', '  \n'), markdownTable(lineTable('', lines)), ...report.scenarios.flatMap(({ tables }) => tables.map(markdownTable))];
  return `${parts.join('\n\n')}\n`;
}
