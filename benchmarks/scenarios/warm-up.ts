import { loadFor } from '../load/window.ts';
import { binaryRequests } from '../models/model.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import type { Bench } from './scenario.ts';

/**
 * Some ten thousand requests through a platform: a slow model alone would take minutes until V8 has compiled the gateway's
 * code, and a server that has just started is not what is measured.
 */
export async function warmUp(bench: Bench, platform: BenchPlatform): Promise<void> {
  const model = await bench.model('toy');
  await platform.serve(model, ['v1'], 'warm-up');
  const requests = binaryRequests(model, '/v2/models/warm-up/versions/v1/infer');
  for (const clients of [1, 8]) await loadFor(bench.load, { protocol: 'http', port: platform.httpPort, clients, requests }, platform, bench.quick ? 1_000 : 3_000);
}
