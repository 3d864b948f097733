import { setTimeout as wait } from 'node:timers/promises';
import { addSubModel } from '../../src/testing/onnx-models.ts';
import { signalIfAlive, TestPlatform } from '../e2e/harness.ts';
import { closeClients, type SoakClient, soakClients } from './clients.ts';
import { describeResources, largest, type Resources, resourcesOf } from './resources.ts';
import { SoakTally } from './tally.ts';

/** Most that the largest process of a role may grow between the end of the warm-up and the end, bytes: heaps breathe, leaks don't stop. */
export const GROWTH_BYTES_MAX = 64 * 2 ** 20;
/** Open files that may be left over the number before the load. */
const FILES_LEFT_MAX = 10;
/** Share of the time after which heaps have found their size. */
const WARM_UP = 0.3;
const PROGRESS_MS = 10_000;
/** Pause between two things that one client does: all of them together are a load, not a benchmark. */
const PAUSE_MS = 5;
/** Pause between two events, long enough for a version to be back after its worker was killed: repeated kills are answered with pauses. */
const EVENT_PAUSE_MS = 12_000;
/** Connections that clients have dropped are noticed, heaps swept. */
const SETTLE_MS = 5_000;

interface SoakOptions {
  readonly durationMs: number;
  readonly onProgress: (text: string) => void;
}

/** Mixed load and faults for so long; resolves with what should not have happened. */
export async function soak({ durationMs, onProgress }: SoakOptions): Promise<string[]> {
  const platform = await TestPlatform.start();
  try {
    await prepare(platform);
    const before = resourcesOf(platform);
    onProgress(`before: ${describeResources(before)}`);
    const tally = new SoakTally();
    const clients = soakClients({ http: platform.httpPort, grpc: platform.grpcPort });
    const baseline = await underLoad(platform, clients, tally, durationMs, onProgress);
    closeClients();
    await wait(SETTLE_MS);
    const after = resourcesOf(platform);
    onProgress(`after:  ${describeResources(after)}`);
    onProgress(tally.describe());
    return [...[...tally.failures].map(([what, count]) => `${count} × ${what}`), ...idle(tally, Object.keys(clients)), ...growth(before, baseline, after)];
  } finally {
    await platform.dispose();
  }
}

async function prepare(platform: TestPlatform): Promise<void> {
  const model = addSubModel({ batch: true });
  for (const version of ['v1', 'v2']) await platform.publish('add_sub', version, model, { metadata: { version } });
  await platform.api('PUT', '/services/kept?wait=60', { deployments: ['v1', 'v2'].map((version) => ({ version: `add_sub:${version}` })), traffic: { weights: { v1: 50, v2: 50 }, sticky: { header: 'x-user' } } });
  await platform.api('POST', '/services/swapped/deployments?wait=60', { deployment: { version: 'add_sub:v1' } });
}

/** Runs everything; resolves with the resources at the end of the warm-up. */
async function underLoad(platform: TestPlatform, clients: Readonly<Record<string, SoakClient>>, tally: SoakTally, durationMs: number, onProgress: (text: string) => void): Promise<Resources[]> {
  const begun = performance.now();
  const going = (): boolean => performance.now() - begun < durationMs;
  const lanes = Object.entries(clients).map(([kind, client]) => repeat(kind, client, tally, going));
  const events = repeatEvents(platform, tally, going, onProgress);
  let baseline: Resources[] | null = null;
  for (let told = 0; going(); ) {
    await wait(Math.min(1000, durationMs / 20));
    const elapsed = performance.now() - begun;
    if (!baseline && elapsed > durationMs * WARM_UP) baseline = resourcesOf(platform);
    if (elapsed - told < PROGRESS_MS) continue;
    told = elapsed;
    onProgress(`${(elapsed / 1000).toFixed(0)} s: ${tally.total} done, ${tally.failureCount} failures; ${describeResources(resourcesOf(platform))}`);
  }
  await Promise.all([...lanes, events]);
  return baseline ?? resourcesOf(platform);
}

async function repeat(kind: string, client: SoakClient, tally: SoakTally, going: () => boolean): Promise<void> {
  while (going()) {
    await client().then(() => tally.did(kind), (error: Error) => tally.failed(kind, error.message));
    await wait(PAUSE_MS);
  }
}

/** One after the other: a version is replaced and rolled back, a worker is killed. */
async function repeatEvents(platform: TestPlatform, tally: SoakTally, going: () => boolean, onProgress: (text: string) => void): Promise<void> {
  const killWorker = async (service: string): Promise<void> => {
    const [pid] = await platform.workerPids(service);
    if (pid !== undefined) signalIfAlive(pid, 'SIGKILL');
  };
  const events: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['update', () => platform.api('POST', '/services/swapped/update?wait=60', { deployment: { version: 'add_sub:v2' }, from: 'v1' })],
    ['killed worker of the kept service', () => killWorker('kept')],
    ['rollback', () => platform.api('POST', '/services/swapped/rollback?wait=60', {})],
    ['killed worker of the swapped service', () => killWorker('swapped')],
  ];
  for (let index = 0; going(); index++) {
    await wait(EVENT_PAUSE_MS);
    if (!going()) return;
    const [kind, happen] = events[index % events.length] as (typeof events)[number];
    onProgress(kind);
    await happen().then(() => tally.did(kind), (error: Error) => tally.failed(kind, error.message));
  }
}

/** A client that has done nothing has shown nothing. */
function idle(tally: SoakTally, kinds: readonly string[]): string[] {
  return kinds.filter((kind) => !tally.done.get(kind)).map((kind) => `${kind}: never done`);
}

function growth(before: readonly Resources[], baseline: readonly Resources[], after: readonly Resources[]): string[] {
  return (['control', 'gateway', 'worker'] as const).flatMap((role) => {
    const [first, warm, last] = [before, baseline, after].map((all) => largest(all, role)) as [ReturnType<typeof largest>, ReturnType<typeof largest>, ReturnType<typeof largest>];
    return [
      ...(last.residentBytes - warm.residentBytes > GROWTH_BYTES_MAX ? [`memory: ${role} grew from ${(warm.residentBytes / 1e6).toFixed(0)} to ${(last.residentBytes / 1e6).toFixed(0)} MB`] : []),
      ...(last.files - first.files > FILES_LEFT_MAX ? [`files: ${role} had ${first.files} open and has ${last.files}`] : []),
    ];
  });
}
