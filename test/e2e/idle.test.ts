/** What a platform that does nothing takes from its machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { readProcess, residentBytes } from '../../src/deployment-engine/process-table.ts';
import { ROOT, TestPlatform } from './harness.ts';

/** Of all processes together, without models (issue 4). */
const RESIDENT_MIB_MAX = 200;

describe('an idle platform', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
  });
  after(() => platform.dispose());

  it(`keeps at most ${RESIDENT_MIB_MAX} MiB resident in all processes`, () => {
    const processes = platform.processes();
    assert.ok(processes.length >= 2, 'control and gateway are found');
    const resident = processes.map(({ pid, command }) => ({ command: command.slice(0, 40), mib: Math.round(residentBytes(pid) / 2 ** 20) }));
    assert.ok(resident.every(({ mib }) => mib > 0), JSON.stringify(resident));
    assert.ok(resident.reduce((sum, { mib }) => sum + mib, 0) <= RESIDENT_MIB_MAX, JSON.stringify(resident));
  });

  it('computes next to nothing', async () => {
    const pids = platform.processes().map(({ pid }) => pid);
    // Not a number, and so a failure, when one of them has ended.
    const total = (): number => pids.reduce((sum, pid) => sum + (readProcess(pid)?.cpuSeconds ?? Number.NaN), 0);
    const before = total();
    await wait(3_000);
    assert.ok(total() - before < 0.3, `${total() - before} s of CPU in 3 s`);
  });

  it('loads neither a Postgres client nor a parser of config.pbtxt nor a runtime into control', () => {
    const script = `await import(${JSON.stringify(`${ROOT}/src/control.ts`)}); const { default: module } = await import('node:module'); console.log(JSON.stringify(Object.keys(module._cache)));`;
    const loaded = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })) as string[];
    assert.ok(loaded.some((path) => path.includes('/node_modules/fastify/')), 'what control does load is seen');
    assert.deepEqual(loaded.filter((path) => /\/node_modules\/(pg|protobufjs|onnxruntime-node|@grpc)\//.test(path)), []);
  });
});
