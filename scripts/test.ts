/**
 * `make test`: every test of every runner. Streams what happens; the last line, alone, is the sum of all runners'
 * counts, and the exit status says the same. Arguments are parts of paths: only matching files run.
 */
import { join } from 'node:path';
import { checks } from './checks.ts';
import { hasChromium, hasPostgres, installDebianPackages } from './tests/debian.ts';
import { runNodeTests } from './tests/node-tests.ts';
import { runPythonTests, runSolverTests } from './tests/python-tests.ts';
import { add, check, countsLine, NOTHING, type Tally } from './tests/tally.ts';
import { TEST_GROUPS, testFiles } from './tests/test-files.ts';

const root = join(import.meta.dirname, '..');
const only = process.argv.slice(2);
const started = performance.now();

/** Runs one step; whatever it throws is one failure and the rest goes on. */
async function step(name: string, run: () => Promise<Tally>): Promise<Tally> {
  const begun = performance.now();
  console.log(`\n── ${name}`);
  const tally = await run().catch((error: unknown) => check(false, `${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`));
  console.log(`── ${name}: ${countsLine(tally)} (${((performance.now() - begun) / 1000).toFixed(1)} s)`);
  return tally;
}

async function everything(): Promise<Tally> {
  let total = NOTHING;
  if (!only.length) {
    for (const { name, run } of checks(root)) total = add(total, await step(name, async () => check(await run(), name)));
    if (!hasPostgres()) await installDebianPackages(['postgresql'], 'the database tests run on SQLite and Postgres');
  }
  for (const group of TEST_GROUPS) {
    const files = testFiles(root, group, only);
    if (files.length && group.browser && !hasChromium()) await installDebianPackages(['chromium', 'fonts-noto-cjk'], 'the dashboard is tested in a real browser');
    if (files.length) total = add(total, await step(group.name, () => runNodeTests(root, files, group.concurrency)));
  }
  const python = [['Python: lint, types and tests', 'python/tests', runPythonTests], ['conformance (Python clients)', 'test/conformance', runPythonTests], ['other solvers (Python)', 'test/solvers', runSolverTests]] as const;
  for (const [name, folder, run] of python) if (!only.length || only.some((part) => folder.includes(part))) total = add(total, await step(name, () => run(root, folder)));
  return total;
}

const total = await everything();
if (total.notes.length) console.log(`\n${total.notes.join('\n')}`);
console.log(`\nall runners, in ${((performance.now() - started) / 1000).toFixed(0)} s:`);
process.exitCode = total.failed || !total.passed ? 1 : 0;
console.log(countsLine(total));
