import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceStatus } from '../../src/deployment-engine/index.ts';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { ApiFailure, factorOf, scaleRequest, TestPlatform, until } from './harness.ts';

/** `make test ROUNDS=50` for the long form. */
const ROUNDS = Number(process.env['ROUNDS'] || 6);
/** The kill comes at a random moment of the first this many milliseconds of a round's work. */
const KILL_WITHIN_MS = 1_500;

/** What the server has said yes to. */
interface Acknowledged {
  readonly versions: Map<string, string>;
  label: string | undefined;
  /** Where the label may also point: a move that was under way when everything was killed. */
  labelMaybe: string | undefined;
  revision: number;
}

describe(`kill -9 of everything at a random moment, ${ROUNDS} times`, () => {
  let platform: TestPlatform;
  const acknowledged: Acknowledged = { versions: new Map(), label: undefined, labelMaybe: undefined, revision: 0 };
  before(async () => (platform = await TestPlatform.start()));
  after(() => platform.dispose());

  /** Publishes, moves the label and deploys, one after the other, until the server is gone. */
  async function work(round: number, going: () => boolean): Promise<void> {
    for (let step = 1; going(); step++) {
      const version = `r${round}.${step}`;
      const { digest } = await platform.publish('scale', version, scaleModel(round * 100 + step));
      acknowledged.versions.set(version, digest);
      acknowledged.labelMaybe = version;
      await platform.api('PUT', '/repositories/scale/labels/newest', { version });
      acknowledged.label = version;
      const { revision } = await platform.api<{ revision: number }>('PUT', '/services/scale', { deployments: [{ version: `scale:${version}` }], traffic: { version } });
      acknowledged.revision = revision;
    }
  }

  async function round(number: number): Promise<void> {
    let going = true;
    const working = work(number, () => going).catch((error: unknown) => {
      // Refused while everything is well would be a fault; cut off by the kill is what this is about.
      if (error instanceof ApiFailure && error.status < 500) throw error;
    });
    await sleep(Math.random() * KILL_WITHIN_MS);
    going = false;
    await platform.killEverything();
    await working;
    await platform.startControl();
    await nothingLost();
    await serves();
  }

  async function nothingLost(): Promise<void> {
    for (const [version, digest] of acknowledged.versions) {
      const found = await platform.api<{ digest: string }>('GET', `/repositories/scale/versions/${version}`);
      assert.equal(found.digest, digest, version);
    }
    if (acknowledged.label) {
      const { version } = await platform.api<{ version: string }>('GET', '/repositories/scale/versions/newest');
      assert.ok([acknowledged.label, acknowledged.labelMaybe].includes(version), `the label is at ${version}, it was moved to ${acknowledged.label}`);
      acknowledged.label = version;
    }
    if (acknowledged.revision) assert.ok((await platform.service('scale')).revision >= acknowledged.revision);
    const { problems } = await platform.api<{ problems: unknown[] }>('POST', '/fsck', {});
    assert.deepEqual(problems, []);
  }

  /** What the service wants answers again, without being told. */
  async function serves(): Promise<void> {
    const status = await platform.service('scale').catch((error: unknown) => {
      if (error instanceof ApiFailure && error.status === 404 && !acknowledged.revision) return undefined;
      throw error;
    });
    if (!status) return;
    const wanted = status.spec.deployments[0]?.version as string;
    await until(`${wanted} serves`, async () => ((await platform.service('scale')) as ServiceStatus).servingRevision === status.revision);
    const [, round = '', step = ''] = /^r(\d+)\.(\d+)$/.exec(wanted) ?? [];
    const answer = await platform.infer('scale/infer', scaleRequest());
    assert.deepEqual([answer.status, answer.version], [200, wanted]);
    assert.equal(factorOf(answer), Number(round) * 100 + Number(step));
  }

  it('loses nothing that was acknowledged, and serves again', { timeout: ROUNDS * 60_000 }, async () => {
    for (let number = 1; number <= ROUNDS; number++) await round(number);
    assert.ok(acknowledged.versions.size > 0, 'something was published at all');
  });

  it('ends cleanly', async () => assert.equal(await platform.terminate(), 0, platform.output));
});
