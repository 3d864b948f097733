import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { Load, scaleRequest, TestPlatform, until } from './harness.ts';

interface Answer {
  readonly from: number;
  readonly step: number;
  readonly series: readonly { readonly version: string; readonly metric: string; readonly values: readonly (number | null)[] }[];
}

describe('history of metrics', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', { deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }], traffic: { weights: { v1: 75, v2: 25 } } });
  });
  after(() => platform.dispose());

  const query = (parameters: string): Promise<Answer> => platform.api('GET', `/metrics/query?service=scale&${parameters}`);
  async function sums(metric: string): Promise<Record<string, number>> {
    const { series } = await query(`metric=${metric}&from=-30m&step=60`);
    return Object.fromEntries(series.map(({ version, values }) => [version, values.reduce<number>((sum, value) => sum + (value ?? 0), 0)]));
  }
  const sent: Record<string, number> = { v1: 0, v2: 0 };
  async function load(during: (load: Load) => Promise<unknown>): Promise<void> {
    const running = new Load({ clients: 4, url: `${platform.url}/v2/models/scale/infer`, body: () => scaleRequest() });
    await during(running);
    const { byVersion, failures } = await running.stop();
    assert.deepEqual(failures, []);
    for (const [version, count] of Object.entries(byVersion)) sent[version] = (sent[version] ?? 0) + count;
  }
  const allCounted = (): Promise<unknown> => until('every request is in the history', async () => {
    const found = await sums('requests');
    assert.ok((found['v1'] ?? 0) <= (sent['v1'] as number) && (found['v2'] ?? 0) <= (sent['v2'] as number), `${JSON.stringify(found)} of ${JSON.stringify(sent)}`);
    return found['v1'] === sent['v1'] && found['v2'] === sent['v2'];
  });

  it('has every request of every version, once, and what else is known of them', async () => {
    await load((running) => until('requests', () => running.requests > 2000));
    await allCounted();
    for (const metric of ['latency_p50', 'latency_p99', 'queue_time', 'run_time', 'batch_size', 'traffic_share', 'memory', 'replicas', 'traffic_share_wanted', 'cold_starts']) {
      // What the engine samples comes every few seconds.
      const series = await until(`${metric} of both versions`, async () => {
        const { series: found } = await query(`metric=${metric}&from=-30m&step=3600`);
        return found.every(({ values }) => values.some((value) => value !== null && value > 0)) && found;
      });
      assert.equal(series.length, 2);
    }
    const shares = await query('metric=traffic_share,requests&from=-30m&step=3600');
    const share = shares.series.find(({ version, metric }) => version === 'v1' && metric === 'traffic_share')?.values.findLast((value) => value !== null) as number;
    assert.ok(Math.abs(share - 0.75) < 0.05, `${share}`);
  });

  it('misses nothing when control is killed again and again in the middle of its writing', async () => {
    await load(async (running) => {
      for (let round = 0; round < 4; round++) {
        const seen = running.requests;
        await until('requests go on', () => running.requests > seen + 500);
        await platform.killControl();
        const then = running.requests;
        await until('requests go on without control', () => running.requests > then + 200);
        await platform.startControl();
      }
    });
    await allCounted();
  });

  it('is there after a stop and a start', async () => {
    await load((running) => until('requests', () => running.requests > 300));
    assert.equal(await platform.terminate(), 0);
    await platform.startControl();
    await allCounted();
  });

  it('says what was wrong with a question', async () => {
    for (const [parameters, words] of [
      ['metric=latency_p5O', /did you mean latency_p50/],
      ['from=yesterday', /query parameter from is "yesterday": give a time such as/],
      ['from=-2h&step=7', /too fine/],
      ['from=-1m&to=-2m', /from must be before to/],
      ['windw=1', /unknown parameter/],
    ] as const) await assert.rejects(query(parameters), words);
    assert.deepEqual((await platform.api<Answer>('GET', '/metrics/query?service=nobody')).series, []);
  });
});
