import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { type ApiFailure, lepton, scaleRequest, TestPlatform, until } from './harness.ts';

interface Comparison {
  readonly a: { readonly requests: number; readonly accuracy: { readonly count: number } | null };
  readonly b: { readonly requests: number };
  readonly findings: readonly { readonly about: string; readonly outcome: string }[];
  readonly verdict: string;
}

describe('two versions side by side', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', { deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }], traffic: { weights: { v1: 100 } } });
  });
  after(() => platform.dispose());

  const compared = (a: string, b: string): Promise<Comparison> => platform.api('GET', `/services/scale/compare?a=${a}&b=${b}&from=-10m`);

  it('with little says how much is missing', async () => {
    assert.match((await compared('v1', 'v2')).verdict, /not enough data: about 30 more requests to v1/);
  });

  it('tells the version whose answers are wrong by its feedback', async () => {
    const entries: object[] = [];
    for (const version of ['v1', 'v2']) {
      for (let count = 0; count < 60; count++) {
        const { predictionId } = await platform.infer(`scale/versions/${version}/infer`, scaleRequest());
        entries.push({ prediction_id: predictionId, correct: version === 'v1' || count % 2 === 0 });
      }
    }
    const sent = await fetch(`${platform.url}/v2/feedback`, { method: 'POST', body: JSON.stringify(entries) });
    assert.ok(sent.ok, await sent.text());
    const found = await until('all is in the history', async () => {
      const one = await compared('v1', 'v2');
      return one.a.requests === 60 && one.b.requests === 60 && one;
    });
    assert.equal(found.a.accuracy?.count, 60);
    assert.equal(found.findings.find(({ about }) => about === 'accuracy')?.outcome, 'worse');
    assert.match(found.verdict, /v2 is .*worse.*accuracy/);
    const { code, stdout } = await lepton(platform, 'compare', 'scale', 'v1', 'v2', '--window', '10m');
    assert.equal(code, 0);
    assert.match(stdout, /right answers +100 % .*50 %/);
  });

  it('says which name is wrong', async () => {
    await assert.rejects(compared('v1', 'v9'), (error: ApiFailure) => error.code === 'VERSION_NOT_FOUND');
    await assert.rejects(compared('v1', 'v1'), /name two versions/);
    await assert.rejects(platform.api('GET', '/services/nobody/compare?a=v1&b=v2'), (error: ApiFailure) => error.code === 'SERVICE_NOT_FOUND');
    assert.equal((await lepton(platform, 'compare', 'scale', 'v1', 'v2', '--window', 'long')).code, 2);
  });
});
