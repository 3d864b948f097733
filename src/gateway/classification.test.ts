import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Signature, VersionRoute } from '../core/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';

const labelled = (...labels: string[]): Partial<VersionRoute> => ({ classLabels: { y: { file: 'labels.txt', labels } } });
const FLAT: Signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 4] }] };

describe('classes through a real gateway', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await GatewayFixture.start();
    const [a, b] = [await gateway.worker('a', 2), await gateway.worker('b', 3)];
    await gateway.setServices(
      serviceRoute('m', [versionRoute('v1', [a.route], labelled('cat', 'dog')), versionRoute('v2', [b.route], labelled('chat', 'chien', '', 'poisson'))], { weights: { v1: 50, v2: 50 } }),
      serviceRoute('flat', [versionRoute('v1', [a.route], { signature: FLAT })]),
    );
  });
  after(() => gateway.close());

  const ask = async (model: string, classification: number, data: readonly number[]): Promise<{ status: number; version: string | null; body: any }> => {
    const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [data.length / 4, 4], data }], outputs: [{ name: 'y', parameters: { classification } }] });
    const response = await fetch(`${gateway.url}/v2/models/${model}/infer`, { method: 'POST', body });
    return { status: response.status, version: response.headers.get('lepton-version'), body: await response.json() };
  };

  test('are labelled by the version that answered, whichever the traffic chose', async () => {
    const seen = new Set<string | null>();
    for (let round = 0; round < 20; round++) {
      const { version, body } = await ask('m', 2, [1, 2, 0, -1]);
      seen.add(version);
      assert.equal(body.model_version, version);
      assert.deepEqual(body.outputs, [{ name: 'y', datatype: 'BYTES', shape: [1, 2], data: version === 'v1' ? ['4.000000:1:dog', '2.000000:0:cat'] : ['6.000000:1:chien', '3.000000:0:chat'] }]);
    }
    assert.deepEqual([...seen].sort(), ['v1', 'v2']);
  });

  test('are those of each row where there is a batch, and of the whole output where there is none', async () => {
    assert.deepEqual((await ask('m/versions/v2', 9, [0, 1, 3, 2, 5, 5, 5, 5])).body.outputs[0], {
      name: 'y', datatype: 'BYTES', shape: [2, 4],
      data: ['9.000000:2', '6.000000:3:poisson', '3.000000:1:chien', '0.000000:0:chat', '15.000000:0:chat', '15.000000:1:chien', '15.000000:2', '15.000000:3:poisson'],
    });
    assert.deepEqual((await ask('flat', 1, [0, 1, 3, 2])).body.outputs[0], { name: 'y', datatype: 'BYTES', shape: [1], data: ['6.000000:2'] });
  });

  test('a model that is not there is refused as ever, and its configuration names the file of labels', async () => {
    assert.deepEqual([(await ask('nope', 1, [0, 0, 0, 0])).status, (await ask('m/versions/v9', 1, [0, 0, 0, 0])).status], [404, 404]);
    const config = (await (await fetch(`${gateway.url}/v2/models/m/versions/v1/config`)).json()) as { output: unknown };
    assert.deepEqual(config.output, [{ name: 'y', data_type: 'TYPE_FP32', dims: [4], label_filename: 'labels.txt', is_shape_tensor: false }]);
  });
});
