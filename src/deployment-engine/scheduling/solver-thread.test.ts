import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../core/index.ts';
import { madeInput } from '../scheduler/index.ts';
import { SolverThread } from './solver-thread.ts';

const PROGRAM = fileURLToPath(new URL('./solver-main.ts', import.meta.url));

describe("the solver's thread", () => {
  const input = madeInput({ nodes: 1, versions: 3, seed: 1, load: 0.5 });
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'lepton-solver-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  async function planOf(source: string | null, deadlineMs: number) {
    const program = source === null ? PROGRAM : join(directory, `${deadlineMs}-${source.length}.mjs`);
    if (source !== null) writeFileSync(program, source);
    const thread = new SolverThread({ program, clock: systemClock, idleMs: 60_000, startMs: source === null ? 60_000 : 200 });
    try {
      return await thread.schedule(input, deadlineMs);
    } finally {
      thread.close();
    }
  }

  it('solves the program, and prices what is scarce', async () => {
    const thread = new SolverThread({ program: PROGRAM, clock: systemClock, idleMs: 60_000, startMs: 60_000 });
    const plan = await thread.schedule(input, 5_000);
    assert.equal(plan.method, 'exact', plan.note);
    assert.ok(Array.isArray(await thread.prices(input, plan, 2_000)));
    thread.close();
  });
  it('answers with a greedy plan when the thread is late', async () => {
    const plan = await planOf("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { for (;;) {} });", 50);
    assert.deepEqual([plan.method, plan.note], ['greedy', 'the solver had no plan within 50 ms']);
  });
  it('answers with a greedy plan when the thread dies', async () => {
    const plan = await planOf("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(3));", 60_000);
    assert.deepEqual([plan.method, plan.note], ['greedy', "the solver's thread ended with 3"]);
  });
  it('answers with a greedy plan when the thread cannot be started', async () => {
    const plan = await planOf('throw new Error("no wasm here")', 60_000);
    assert.equal(plan.method, 'greedy');
    assert.match(plan.note, /no wasm here/);
  });
  it('gives whoever waits a greedy plan when it is closed', async () => {
    const thread = new SolverThread({ program: PROGRAM, clock: systemClock, idleMs: 60_000, startMs: 60_000 });
    const waiting = thread.schedule(input, 60_000);
    thread.close();
    assert.deepEqual([(await waiting).method, (await waiting).note], ['greedy', 'the platform is stopping']);
  });
  it('refuses an input that makes no sense, whoever would solve it', async () => {
    const thread = new SolverThread({ program: PROGRAM, clock: systemClock, idleMs: 60_000, startMs: 60_000 });
    await assert.rejects(thread.schedule({ ...input, utilisationMax: 7 }, 5_000), /utilisationMax is 7/);
    thread.close();
  });
});
