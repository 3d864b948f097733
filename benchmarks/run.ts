/**
 * `make bench`: runs the scenarios whose name contains one of the arguments (all without), prints the report and writes
 * it to results/latest.{json,md,svg}. QUICK=1 takes fewer and shorter rounds: for a look, not for figures to keep.
 * REFERENCE=1 writes to docs/benchmarks/ as well, as the figures that docs/benchmarks.md speaks of.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Workbench } from './bench.ts';
import { describeMachine, describeVersions } from './report/surroundings.ts';
import type { Report, ScenarioReport } from './report/report.ts';
import { lineTable, terminalTable } from './report/text.ts';
import { summary, writeReport } from './report/write.ts';
import { SCENARIOS } from './scenarios/index.ts';
import type { Scenario } from './scenarios/scenario.ts';

const ROOT = join(import.meta.dirname, '..');
const RESULTS = join(import.meta.dirname, 'results');
const REFERENCE = join(ROOT, 'docs/benchmarks');
const CACHE = join(ROOT, '.cache/bench');

const started = performance.now();
const isSet = (name: string): boolean => !['', '0', undefined].includes(process.env[name]);
const quick = isSet('QUICK');
const only = process.argv.slice(2);
const say = (text: string): void => console.log(`[${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s] ${text}`);

async function runScenario(bench: Workbench, scenario: Scenario): Promise<ScenarioReport> {
  say(`── ${scenario.name}: ${scenario.about}`);
  try {
    const report = { scenario: scenario.name, ...(await scenario.run(bench)) };
    const { lines, tables } = report;
    console.log(`\n${[lineTable('', lines), ...tables].filter(({ rows }) => rows.length).map(terminalTable).join('\n\n')}\n`);
    return report;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    say(`${scenario.name} failed: ${text}`);
    if (process.env['DEBUG']) console.error(error);
    return { scenario: scenario.name, lines: [], tables: [], error: text };
  } finally {
    await bench.endScenario();
  }
}

async function main(): Promise<number> {
  const scenarios = SCENARIOS.filter(({ name }) => !only.length || only.some((part) => name.includes(part)));
  if (!scenarios.length) {
    console.error(`error: no scenario's name contains ${only.join(' or ')}; there are ${SCENARIOS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  mkdirSync(CACHE, { recursive: true });
  const startedAt = new Date().toISOString();
  const bench = new Workbench({ quick, cache: CACHE, say });
  const done: ScenarioReport[] = [];
  let interrupted = false;
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => { interrupted = true; resolve(); });
  });
  for (const scenario of scenarios) {
    const report = await Promise.race([runScenario(bench, scenario), asked]);
    if (!report || interrupted) break;
    done.push(report);
  }
  if (interrupted) say('interrupted: ending what runs');
  await bench.dispose();
  const report: Report = { startedAt, seconds: Math.round((performance.now() - started) / 1000), quick, interrupted, machine: describeMachine(), versions: describeVersions(ROOT), scenarios: done };
  writeReport(report, RESULTS, 'latest');
  if (isSet('REFERENCE') && !interrupted) writeReport(report, REFERENCE, 'reference');
  console.log(`\n${summary(report)}\n${RESULTS}/latest.{json,md,svg}`);
  if (interrupted) return 130;
  return done.some(({ error }) => error) ? 1 : 0;
}

process.exit(await main());
