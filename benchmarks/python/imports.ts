import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Line, Table } from '../report/report.ts';
import { summarise } from '../report/statistics.ts';
import { PYTHON_ENVIRONMENT } from './python-child.ts';

const run = promisify(execFile);
const PROCESSES = 7;
const ALONE = 'import lepton_ai';
/** What the published example and an inference need: numpy and the management API, not asyncio. */
const USED = 'from lepton_ai import Client, Deployer, ModelRepository';

async function importSeconds(interpreter: string, statement: string): Promise<number> {
  const { stdout } = await run(interpreter, ['-c', `import time; t = time.perf_counter(); ${statement}; print(time.perf_counter() - t)`], { env: PYTHON_ENVIRONMENT });
  return Number(stdout);
}

/** Import in cold processes, and by `-X importtime` what it holds. */
export async function measureImports(interpreter: string): Promise<{ lines: Line[]; table: Table }> {
  const lines: Line[] = [];
  for (const [id, statement] of [['python-import', ALONE], ['python-import-used', USED]] as const) {
    await importSeconds(interpreter, statement);
    const samples: number[] = [];
    for (let index = 0; index < PROCESSES; index++) samples.push(await importSeconds(interpreter, statement));
    lines.push({ id, text: `${statement}: time in a new process`, unit: 's', summary: summarise(samples), goal: { at: 'most', value: 0.3 } });
  }
  const { stderr } = await run(interpreter, ['-X', 'importtime', '-c', USED], { env: PYTHON_ENVIRONMENT });
  const byPackage = new Map<string, number>();
  for (const [, self, name = ''] of stderr.matchAll(/^import time:\s+(\d+) \|\s+\d+ \|\s+([^.\s]+)/gm)) byPackage.set(name, (byPackage.get(name) ?? 0) + Number(self) / 1000);
  const rows = [...byPackage].sort(([, a], [, b]) => b - a).slice(0, 8);
  return { lines, table: { title: 'what the import holds, by package, ms of its own', columns: ['package', 'ms'], rows } };
}
