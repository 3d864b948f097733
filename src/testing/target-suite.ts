import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Target, WorkerHandle, WorkerSpec } from '../deployment-engine/targets/index.ts';
import { exitOf, settled } from './worker-fixture.ts';

/** A target under test and two versions to run on it. */
export interface TargetEnvironment {
  readonly target: Target;
  /** A version that loads, or one that cannot; a new one for every replica id. */
  spec(replica: string, kind: 'good' | 'broken'): Promise<WorkerSpec>;
  /** Ends whatever still runs and removes every trace. */
  close(): Promise<void>;
}

export interface TargetSuiteOptions {
  /** Names of tests that do not apply, with the reason. */
  readonly skip?: readonly { readonly test: string; readonly reason: string }[];
}

/** What every target promises; run it against each implementation. */
export function describeTarget(name: string, createEnvironment: () => Promise<TargetEnvironment>, options: TargetSuiteOptions = {}): void {
  describe(`target ${name}`, () => {
    let environment: TargetEnvironment;
    let serial = 0;
    const check = (test: string, run: () => Promise<void>): void => {
      const skipped = options.skip?.find((entry) => entry.test === test);
      void it(test, { skip: skipped?.reason ?? false }, run);
    };
    const start = async (kind: 'good' | 'broken' = 'good'): Promise<WorkerHandle> => environment.target.start(await environment.spec(`suite-${process.pid}-${serial++}`, kind));
    before(async () => {
      environment = await createEnvironment();
    });
    after(() => environment.close());

    check('a worker becomes ready and brings its profile', async () => {
      const worker = await start();
      const status = await settled(worker);
      assert.equal(status.phase, 'ready', status.message);
      assert.ok(status.profile && status.profile.loadMs >= 0 && status.profile.bestBatch >= 1);
      assert.deepEqual(worker.status, status);
      assert.equal(worker.exited, null);
      await worker.kill();
    });

    check('usage is told while it runs and null afterwards', async () => {
      const worker = await start();
      await settled(worker);
      const usage = worker.usage();
      assert.ok(usage && usage.residentBytes > 0 && usage.cpuSeconds >= 0);
      await worker.kill();
      assert.equal(worker.usage(), null);
    });

    check('stop lets it leave by itself', async () => {
      const worker = await start();
      await settled(worker);
      const exit = await worker.stop(5_000, 'test');
      assert.deepEqual([exit.reason, exit.expected], ['Drained', true], exit.message);
      assert.deepEqual(await exitOf(worker), exit);
    });

    check('kill ends it at once, and a second kill or stop says the same', async () => {
      const worker = await start();
      await settled(worker);
      const exit = await worker.kill();
      assert.deepEqual([exit.reason, exit.expected], ['Killed', true]);
      assert.deepEqual(await worker.kill(), exit);
      assert.deepEqual(await worker.stop(1_000, 'again'), exit);
    });

    check('a version that cannot load fails with the reason, then exits with it', async () => {
      const worker = await start('broken');
      const status = await settled(worker);
      assert.deepEqual([status.phase, status.reason], ['failed', 'LoadFailed'], status.message);
      assert.notEqual(status.message, '');
      const exit = await exitOf(worker);
      assert.deepEqual([exit.reason, exit.message, exit.expected], ['LoadFailed', status.message, false]);
    });

    check('a worker that was let go of is adopted from its record', async () => {
      const first = await start();
      await settled(first);
      first.detach();
      const record = JSON.parse(JSON.stringify(first.record)) as typeof first.record;
      const adopted = await environment.target.adopt(record);
      assert.ok(adopted, 'still there');
      assert.deepEqual([adopted.pid, adopted.replica], [first.pid, first.replica]);
      assert.equal((await settled(adopted)).phase, 'ready');
      assert.equal((await adopted.stop(5_000, 'test')).reason, 'Drained');
    });

    check('adopting one that is gone gives null', async () => {
      const worker = await start();
      await settled(worker);
      await worker.kill();
      assert.equal(await environment.target.adopt(worker.record), null);
    });

    check('a worker that cannot be started is refused with SpawnFailed', async () => {
      const spec = await environment.spec(`suite-${process.pid}-${serial++}`, 'good');
      const broken = { ...spec, command: () => ({ file: '/no/such/program', args: [], env: {} }) };
      await assert.rejects(environment.target.start(broken), (error: { code?: string; details?: { reason?: string } }) => error.code === 'REPLICA_FAILED' && error.details?.reason === 'SpawnFailed');
    });
  });
}
