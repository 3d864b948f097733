import { setTimeout as sleep } from 'node:timers/promises';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import { summarise } from '../report/statistics.ts';
import type { Scenario } from './scenario.ts';

const SERVICE = 'cold';
const BODY = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] }] });
/** Requests that come together to a version that is asleep. */
const AT_ONCE = 8;

/** The first requests to a version that was scaled to zero. */
export const residency: Scenario = {
  name: 'residency',
  about: 'first requests to a version that is asleep: what they wait beyond its load, and how often it is loaded for them',
  async run(bench) {
    const platform = await bench.startPlatform();
    await platform.publishBytes(SERVICE, 'v1', scaleModel(2), {});
    await platform.client.apply(SERVICE, { deployments: [{ version: `${SERVICE}:v1`, replicas: { min: 0, max: 1, idleSeconds: 1 } }] }, { waitSeconds: 120 });
    const [cold, loads, beyond]: [number[], number[], number[]] = [[], [], []];
    let failures = 0;
    for (let round = 0; round < (bench.quick ? 5 : 20); round++) {
      await asleep(platform);
      const began = performance.now();
      const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => fetch(`http://127.0.0.1:${platform.httpPort}/v2/models/${SERVICE}/infer`, { method: 'POST', body: BODY }).then((answer) => answer.arrayBuffer().then(() => answer.ok))));
      const milliseconds = performance.now() - began;
      failures += answers.filter((ok) => !ok).length;
      const loadMs = (await version(platform)).profile?.loadMs ?? 0;
      cold.push(milliseconds);
      loads.push(loadMs);
      beyond.push(milliseconds - loadMs);
    }
    const replicas = await platform.client.listReplicas({ service: SERVICE });
    return {
      lines: [
        { id: 'cold-beyond-load-ms', text: `all of ${AT_ONCE} first requests, beyond the load itself`, unit: 'ms', summary: summarise(beyond), goal: { at: 'most', value: 100 } },
        { id: 'cold-ms', text: `all of ${AT_ONCE} first requests`, unit: 'ms', summary: summarise(cold) },
        { id: 'cold-load-ms', text: 'of that, the load as the worker measures it', unit: 'ms', summary: summarise(loads) },
        { id: 'cold-failures', text: `of ${cold.length * AT_ONCE} requests failed`, unit: 'requests', summary: summarise([failures]), goal: { at: 'most', value: 0 } },
        { id: 'cold-loads', text: 'loads for each wake', unit: 'loads', summary: summarise([(replicas.length - 1) / cold.length]), goal: { at: 'most', value: 1 } },
      ],
      tables: [],
    };
  },
};

async function version({ client }: BenchPlatform) {
  const [found] = (await client.getService(SERVICE)).versions;
  if (!found) throw new Error(`service ${SERVICE} has no version`);
  return found;
}

async function asleep(platform: BenchPlatform): Promise<void> {
  for (let found = await version(platform); found.phase !== 'asleep' || found.replicas.length > 0; found = await version(platform)) await sleep(200);
}
