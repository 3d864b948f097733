/** What a platform that does nothing takes from its machine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { ROOT, TestPlatform } from './harness.ts';

/** Of all processes together, without models (issue 4). */
const RESIDENT_MIB_MAX = 200;
const TICKS_A_SECOND = 100;

const residentMiB = (pid: number): number => Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** User and system time, seconds. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

describe('an idle platform', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
  });
  after(() => platform.dispose());

  it(`keeps at most ${RESIDENT_MIB_MAX} MiB resident in all processes`, () => {
    const processes = platform.processes();
    assert.ok(processes.length >= 2, 'control and gateway are found');
    const resident = processes.map(({ pid, command }) => ({ command: command.slice(0, 40), mib: Math.round(residentMiB(pid)) }));
    assert.ok(resident.reduce((sum, { mib }) => sum + mib, 0) <= RESIDENT_MIB_MAX, JSON.stringify(resident));
  });

  it('computes next to nothing', async () => {
    const pids = platform.processes().map(({ pid }) => pid);
    const total = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
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
