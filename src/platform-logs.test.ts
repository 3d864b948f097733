import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LeptonClient, type LogMessage } from '../clients/typescript/src/index.ts';
import { createPlatform, type Platform } from './platform.ts';
import { publishScale, temporaryDirectory, testConfig } from './testing/platform-harness.ts';

describe('logs of a running platform', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let platform: Platform;
  let client: LeptonClient;
  before(async () => {
    directory = await temporaryDirectory();
    platform = await createPlatform(testConfig(directory.path));
    client = new LeptonClient({ url: platform.status().httpUrl as string });
    for (const [version, factor] of [['v1', 1], ['v2', 2]] as const) await publishScale(platform, directory.path, version, factor);
    const { revision } = await platform.engine.apply({ name: 'shop', deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }] }, { by: 'test' });
    await platform.engine.waitSettled('shop', revision, 60_000);
  });
  after(async () => {
    await platform.stop({ graceMs: 5_000 });
    await directory.remove();
  });

  const refuse = (requestId: string, secret = ''): Promise<Response> =>
    fetch(`${client.url}/v2/models/shop/versions/v2/infer`, { method: 'POST', headers: { 'x-request-id': requestId }, body: JSON.stringify({ inputs: [{ name: `x${secret}`, datatype: 'FP32', shape: [1], data: [1] }] }) });

  it('are asked for by version, request and text', async () => {
    assert.equal((await refuse('my-request', ' password=hunter2')).status, 400);
    const { lines } = await client.queryLogs({ service: 'shop', version: 'v2' });
    assert.ok(lines.some(({ process, replica }) => process === 'worker' && replica !== null), 'what its replica wrote');
    assert.ok(lines.every(({ version }) => version === 'v2'));
    const [failed, ...others] = (await client.queryLogs({ requestId: 'my-request' })).lines;
    assert.deepEqual([others.length, failed?.process, failed?.service, failed?.version, failed?.message], [0, 'gateway', 'shop', 'v2', 'request refused']);
    assert.match(String(failed?.fields.error), /unexpected inference input 'x password=\[redacted\]/);
    await assert.rejects(client.queryLogs({ from: 'yesterday' }), /from is "yesterday", not a time/);
  });

  it('are followed', async () => {
    const leave = new AbortController();
    const stream = client.followLogs({ requestId: 'followed', tail: 1 }, leave.signal);
    const next = stream.next();
    const asked = setInterval(() => void refuse('followed'), 200);
    const { value } = (await next) as IteratorYieldResult<LogMessage>;
    clearInterval(asked);
    assert.deepEqual(value.kind === 'line' && [value.data.requestId, value.data.version], ['followed', 'v2']);
    leave.abort();
    // What had arrived before may still come.
    await assert.rejects(async () => {
      for await (const _ of stream);
    }, /abort/i);
  });
});
