/** A platform with real versions under light load, for the pages to show. */
import { Load, TestPlatform, scaleRequest, until } from '../../e2e/harness.ts';
import { identityModel, scaleModel, slowModel } from '../../../src/testing/onnx-models.ts';

export interface DashboardPlatform {
  readonly platform: TestPlatform;
  /** Ends the load. */
  stop(): Promise<void>;
}

const deploy = (platform: TestPlatform, service: string, version: string, more: object = {}): Promise<unknown> => platform.api('POST', `/services/${service}/deployments?wait=60`, { deployment: { version }, ...more });

/** `scoring` with three versions (v3 slow and dark), `images`, `texts` and `sounds` with one each. */
export async function startDashboardPlatform(): Promise<DashboardPlatform> {
  const platform = await TestPlatform.start();
  await platform.publish('scorer', 'v1', scaleModel(2, { batch: true }), { metadata: { accuracy: 0.91, trained: '2026-10-02' } });
  await platform.publish('scorer', 'v2', scaleModel(3, { batch: true }), { metadata: { accuracy: 0.93, trained: '2026-10-30' } });
  await platform.publish('scorer', 'v2-large', scaleModel(3.5, { batch: true }), { parent: 'v1', metadata: { accuracy: 0.94 } });
  await platform.publish('scorer', 'v3', scaleModel(4, { batch: true }), { parent: 'v2', metadata: { accuracy: 0.95 } });
  await platform.publish('images', 'v1', identityModel('FP32', [1, 3, 24, 24], { input: 'image', output: 'same' }));
  await platform.publish('texts', 'v1', identityModel('BYTES', ['n'], { input: 'text', output: 'echo' }));
  await platform.publish('sounds', 'v1', identityModel('FP32', [1, 'samples'], { input: 'audio', output: 'same' }));
  await platform.publish('slow', 'v1', slowModel(20));
  await platform.api('PUT', '/repositories/scorer/labels/stable', { version: 'v1' });
  await platform.api('PUT', '/repositories/scorer/labels/canary', { version: 'v2' });
  await deploy(platform, 'scoring', 'scorer:v1');
  await deploy(platform, 'scoring', 'scorer:v2', { weight: 20 });
  await deploy(platform, 'scoring', 'scorer:v3', { weight: 0 });
  await deploy(platform, 'images', 'images:v1');
  await deploy(platform, 'texts', 'texts:v1');
  await deploy(platform, 'sounds', 'sounds:v1');
  const load = new Load({ clients: 2, url: `${platform.url}/v2/models/scoring/infer`, body: () => scaleRequest(), pauseMs: 25 });
  await until('requests are answered', async () => (await platform.service('scoring')).versions.every(({ version, demand }) => version === 'v3' || (demand?.requests ?? 0) > 5));
  return {
    platform,
    async stop() {
      await load.stop();
      await platform.dispose();
    },
  };
}
