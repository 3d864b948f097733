import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { MODEL_FORMATS, type ModelFormat } from '../../core/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../../testing/gateway-fixture.ts';

const EXPECTED: Readonly<Record<ModelFormat, readonly [platform: string, backend: string, file: string]>> = {
  onnx: ['onnxruntime_onnx', 'onnxruntime', 'model.onnx'],
  torchscript: ['pytorch_libtorch', 'pytorch', ''],
  'torch-export': ['pytorch_export', 'pytorch', ''],
  tensorflow: ['tensorflow_savedmodel', 'tensorflow', ''],
  keras: ['keras', 'keras', ''],
  sklearn: ['sklearn', 'sklearn', ''],
  xgboost: ['xgboost', 'xgboost', ''],
  lightgbm: ['lightgbm', 'lightgbm', ''],
  python: ['python', 'python', ''],
};

describe('metadata and configuration', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await GatewayFixture.start();
    const { route } = await gateway.worker('a', 2);
    await gateway.setServices(serviceRoute('m', MODEL_FORMATS.map((format) => versionRoute(format, [route], { format }))));
  });
  after(() => gateway.close());

  for (const format of MODEL_FORMATS) {
    test(`of a version in the format ${format} name its platform`, async () => {
      const [platform, backend, file] = EXPECTED[format];
      const about = async (path: string): Promise<any> => (await fetch(`${gateway.url}/v2/models/m/versions/${format}${path}`)).json();
      assert.equal((await about('')).platform, platform);
      const config = await about('/config');
      assert.deepEqual([config.platform, config.backend, config.default_model_filename], [platform, backend, file]);
    });
  }
});
