import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchPlatform } from '../platform/platform.ts';
import { type Memory, memoryOf } from '../platform/usage.ts';
import type { Line, Table } from '../report/report.ts';
import { summarise } from '../report/statistics.ts';
import { PYTHON_ENVIRONMENT } from './python-child.ts';
import type { ServedModel } from './served-model.ts';

const MEGA = 1e6;
const GOAL_MB = 45;

/** A worker's memory less that of the same interpreter with framework and model (memory_main.py), while both run. */
export async function measureWorkerMemory(platform: BenchPlatform, models: readonly ServedModel[]): Promise<{ lines: Line[]; table: Table }> {
  const lines: Line[] = [];
  const rows: (string | number)[][] = [];
  for (const model of models) {
    const { name, text } = model;
    const { worker, alone } = await memories(platform, model);
    const beyond = (read: (memory: Memory) => number): Line['summary'] => summarise([(read(worker) - read(alone)) / MEGA]);
    lines.push(
      { id: `python-memory-${name}`, text: `Python worker with ${text}: RSS beyond framework and model`, unit: 'MB', summary: beyond(({ rssBytes }) => rssBytes), goal: { at: 'most', value: GOAL_MB } },
      { id: `python-memory-${name}-pss`, text: `Python worker with ${text}: PSS beyond framework and model`, unit: 'MB', summary: beyond(({ pssBytes }) => pssBytes) },
    );
    for (const [who, memory] of [['worker', worker], ['framework and model', alone]] as const) rows.push([`${text}: ${who}`, memory.rssBytes / MEGA, memory.pssBytes / MEGA, memory.privateBytes / MEGA]);
  }
  return { lines, table: { title: 'memory of Python workers', columns: ['', 'RSS MB', 'PSS MB', 'private MB'], rows } };
}

async function memories(platform: BenchPlatform, { name, interpreter, child }: ServedModel): Promise<{ worker: Memory; alone: Memory }> {
  const { pid } = (await platform.client.listReplicas({ service: name }))[0] ?? {};
  if (!pid) throw new Error(`${name} has no worker`);
  const directory = mkdtempSync(join(tmpdir(), 'lepton-bench-'));
  const alone = spawn(interpreter, [join(import.meta.dirname, 'memory_main.py'), name, await child.call<string>('download', { directory })], { env: PYTHON_ENVIRONMENT, stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await Promise.race([once(alone.stdout, 'data'), once(alone, 'exit')]);
    if (alone.exitCode !== null) throw new Error(`memory_main.py ${name} ended with ${alone.exitCode}`);
    return { worker: memoryOf(pid), alone: memoryOf(alone.pid as number) };
  } finally {
    alone.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}
