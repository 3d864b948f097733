import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LeptonApiError, LeptonClient, type PushResult } from '../../clients/typescript/src/index.ts';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { lepton, TestPlatform, until } from './harness.ts';

const MIB = 2 ** 20;
const SIZE = 96 * MIB;

describe('an upload whose server goes away', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
  });
  after(() => platform.dispose());

  function directoryWith(name: string): string {
    const directory = join(platform.directory, name);
    mkdirSync(directory);
    writeFileSync(join(directory, 'model.onnx'), scaleModel(2));
    writeFileSync(join(directory, 'weights.bin'), randomBytes(SIZE));
    return directory;
  }
  const uploads = (): string[] => readdirSync(join(platform.dataDirectory, 'uploads'));
  const bytesThere = (): number => uploads().reduce((sum, name) => sum + statSync(join(platform.dataDirectory, 'uploads', name)).size, 0);

  /** Pushes, and runs `event` once when a third of it is on its way. */
  async function pushWith(version: string, directory: string, event: () => Promise<void>): Promise<PushResult> {
    let happening: Promise<void> | undefined;
    const onProgress = ({ phase, doneBytes }: { phase: string; doneBytes: number }): void => {
      if (phase === 'upload' && doneBytes > SIZE / 3) happening ??= event();
    };
    try {
      return await new LeptonClient({ url: platform.url }).pushDirectory(directory, { repository: 'large', version, createRepository: true, onProgress });
    } finally {
      assert.ok(happening, 'the event came in the middle');
      await happening;
    }
  }

  async function isWhole(version: string): Promise<void> {
    assert.equal((await platform.api<{ version: string }>('GET', `/repositories/large/versions/${version}`)).version, version);
    const { code, stdout, stderr } = await lepton(platform, 'fsck');
    assert.equal(code, 0, stdout + stderr);
    assert.deepEqual(uploads(), []);
  }

  it('goes on by itself after kill -9 of control', async () => {
    const { sentBytes, totalBytes } = await pushWith('control', directoryWith('control'), async () => {
      await platform.killControl();
      await platform.startControl();
    });
    assert.ok(sentBytes < totalBytes + 32 * MIB, `${sentBytes} bytes sent of ${totalBytes}: only what was on its way is sent again`);
    await isWhole('control');
  });

  it('goes on by itself after kill -9 of everything', async () => {
    const { sentBytes, totalBytes } = await pushWith('everything', directoryWith('everything'), async () => {
      await platform.killEverything();
      await platform.startControl();
    });
    assert.ok(sentBytes < totalBytes + 32 * MIB, `${sentBytes} bytes sent of ${totalBytes}`);
    await isWhole('everything');
  });

  it('is an error while the server stays away, and the next push goes on from what is there', async () => {
    const directory = directoryWith('later');
    const failure = await pushWith('later', directory, () => platform.killEverything()).then(() => assert.fail('pushed'), (error: unknown) => error as LeptonApiError);
    assert.ok(failure instanceof LeptonApiError, String(failure));
    assert.match(failure.message, /went away in the middle of the upload of weights\.bin.*push again when it is back/);
    const there = bytesThere();
    assert.ok(there > SIZE / 5 && there < SIZE, `${there} bytes there`);
    await platform.startControl();
    await assert.rejects(platform.api('GET', '/repositories/large/versions/later'), { code: 'VERSION_NOT_FOUND' });
    assert.equal((await lepton(platform, 'fsck')).code, 0);
    const pushed = await lepton(platform, 'push', 'large:later', directory, '--json');
    assert.equal(pushed.code, 0, pushed.stderr);
    assert.equal((JSON.parse(pushed.stdout) as PushResult).sentBytes, SIZE + scaleModel(2).byteLength - there - scaleModel(2).byteLength, 'not a byte is sent twice');
    await isWhole('later');
  });

  it('goes on where its own client was killed', async () => {
    const directory = directoryWith('client');
    const abort = new AbortController();
    const client = new LeptonClient({ url: platform.url, fetch: (input, init) => fetch(input, { ...init, signal: abort.signal }) });
    const onProgress = ({ phase, doneBytes }: { phase: string; doneBytes: number }): void => {
      if (phase === 'upload' && doneBytes > SIZE / 3) abort.abort();
    };
    await assert.rejects(client.pushDirectory(directory, { repository: 'large', version: 'client', onProgress }));
    const there = await until('what came is free to be gone on with', async () => {
      const size = bytesThere();
      return size > MIB && (await lepton(platform, 'push', 'large:client', directory, '--json')).code === 0 ? size : undefined;
    });
    assert.ok(there > SIZE / 5, `${there} bytes there`);
    await isWhole('client');
  });
});
