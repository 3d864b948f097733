import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { chooseFront, type FrontCandidate, type MeasuredCandidate } from './choose.ts';
import { FrontRow } from './front-row.ts';
import { type FrontPriority, setFrontPriority } from './scheduling-class.ts';

const measured = (pid: number, cores: number, changes: Partial<MeasuredCandidate> = {}): MeasuredCandidate => ({ pid, startTime: '1', kind: 'worker', runMs: 1, cpuSeconds: 0, cores, inFront: false, ...changes });
const chosen = (cores: number, ...candidates: MeasuredCandidate[]): number[] => [...chooseFront(candidates, cores)].sort((a, b) => a - b);
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('who stands in front', () => {
  it('takes gateways and workers with short runs while they take little', () => {
    assert.deepEqual(chosen(8, measured(1, 0.1, { kind: 'gateway', runMs: null }), measured(2, 0.2), measured(3, 0.9), measured(4, 0.1, { runMs: 40 }), measured(5, 0.1, { runMs: null })), [1, 2]);
  });
  it('is slower to send somebody back than to let him come', () => {
    assert.deepEqual(chosen(8, measured(1, 0.5), measured(2, 0.5, { inFront: true }), measured(3, 0.7, { inFront: true })), [2]);
  });
  it('leaves half of the machine to the others, gateways first', () => {
    assert.deepEqual(chosen(2, measured(1, 0.35), measured(2, 0.3), measured(3, 0.4, { kind: 'gateway', runMs: null }), measured(4, 0.3)), [2, 3, 4]);
    assert.deepEqual(chosen(1, measured(1, 0.39, { kind: 'gateway' }), measured(2, 0.2)), [1]);
  });
});

describe('front row', () => {
  const candidate = (pid: number, cpuSeconds: number, kind: FrontCandidate['kind'] = 'worker', startTime = 's'): FrontCandidate => ({ pid, startTime, kind, runMs: kind === 'worker' ? 1 : null, cpuSeconds });
  function rowWith(setPriority: (pid: number, priority: FrontPriority) => Promise<void>): FrontRow {
    return new FrontRow({ hostCores: 2, log: quiet, setPriority, isAlive: () => true });
  }

  it('measures between looks, and changes only what changes', async () => {
    const calls: string[] = [];
    const row = rowWith(async (pid, priority) => void calls.push(`${pid}:${priority}`));
    await row.look([candidate(1, 10, 'gateway'), candidate(2, 5)], 0);
    assert.deepEqual(calls, [], 'nothing is known of them yet');
    await row.look([candidate(1, 10.2, 'gateway'), candidate(2, 5.2)], 2_000);
    assert.deepEqual(calls.splice(0), ['1:2', '2:1']);
    await row.look([candidate(1, 10.4, 'gateway'), candidate(2, 7.2)], 4_000);
    assert.deepEqual(calls.splice(0), ['2:null']);
    // Another process with the same pid is measured anew.
    await row.look([candidate(1, 10.6, 'gateway'), candidate(2, 0, 'worker', 'other')], 6_000);
    assert.deepEqual(calls.splice(0), []);
    await row.dissolve();
    assert.deepEqual(calls, ['1:null']);
  });

  it('gives up where the host does not allow it, and says why', async () => {
    let calls = 0;
    const row = rowWith(async () => {
      calls++;
      throw Object.assign(new Error('Command failed: chrt'), { stderr: 'chrt: failed to set pid 1’s policy: Operation not permitted\n' });
    });
    for (const now of [0, 2_000, 4_000]) await row.look([candidate(1, 1)], now);
    assert.equal(calls, 1);
    assert.match(row.problem ?? '', /Operation not permitted/);
  });

  it('sets the class of all threads, and of none that come later', { skip: process.getuid?.() !== 0 && 'it takes root' }, async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.once("data", () => { new (require("node:worker_threads").Worker)("setInterval(() => {}, 1000)", { eval: true }).once("online", () => console.log("more")); }); console.log("up"); setInterval(() => {}, 1000)'], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      const before = new Set(readdirSync(`/proc/${child.pid}/task`));
      await setFrontPriority(child.pid as number, 1);
      assert.deepEqual([...before].map((thread) => policyOf(child.pid as number, thread)), [...before].map(() => ROUND_ROBIN));
      child.stdin?.write('\n');
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      const later = readdirSync(`/proc/${child.pid}/task`).filter((thread) => !before.has(thread));
      assert.ok(later.length > 0);
      for (const thread of later) assert.equal(policyOf(child.pid as number, thread), OTHER);
      await setFrontPriority(child.pid as number, null);
      assert.equal(policyOf(child.pid as number, String(child.pid)), OTHER);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

const OTHER = 0;
const ROUND_ROBIN = 2;
/** Field 41 of proc_pid_stat(5). */
function policyOf(pid: number, thread: string): number {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);
}
