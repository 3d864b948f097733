import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Compile } from 'typebox/compile';
import { digestOf, type PlatformEvent } from '../../core/index.ts';
import type { ServiceStatus } from '../../deployment-engine/index.ts';
import { createPlatform, type Platform } from '../../platform.ts';
import { scaleModel, writeModelDirectory } from '../../testing/onnx-models.ts';
import { temporaryDirectory, testConfig } from '../../testing/platform-harness.ts';
import { until } from '../../testing/until.ts';
import { OPERATIONS } from './server.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let platform: Platform;
let url: string;

before(async () => {
  directory = await temporaryDirectory();
  platform = await createPlatform(testConfig(join(directory.path, 'data'), { 'file-bytes-max': '1MiB' }));
  url = platform.status().httpUrl ?? '';
});
after(async () => {
  await platform.stop({ graceMs: 3000 });
  await directory.remove();
});

/** Calls through the gateway, as clients do; a success must have the shape that the document promises. */
async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${url}/api/v1${path}`, { method, ...init, headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), 'lepton-user': 'ada', ...headers } });
  const text = await response.text();
  const value: unknown = text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  if (response.ok) checkShape(method, path, value);
  return { status: response.status, headers: response.headers, body: value };
}

const SHAPES = OPERATIONS.map((operation) => ({ operation, pattern: new RegExp(`^${operation.path.replace(/\{\w+\*\}/, '.+').replace(/\{\w+\}/g, '[^/]+')}$`), check: operation.response && Compile(operation.response) }));

function checkShape(method: string, path: string, value: unknown): void {
  const shape = SHAPES.find(({ operation, pattern }) => operation.method === method && pattern.test(path.split('?')[0] ?? ''));
  if (shape?.check && !shape.check.Check(value)) assert.fail(`${method} ${path}: ${JSON.stringify(shape.check.Errors(value).slice(0, 3))} in ${JSON.stringify(value).slice(0, 500)}`);
}

async function putBlob(content: Uint8Array, digest: string = digestOf(content)): Promise<Answer> {
  const response = await fetch(`${url}/api/v1/blobs/${digest}`, { method: 'PUT', body: content, headers: { 'content-type': 'application/octet-stream' } });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

async function publish(version: string, factor: number): Promise<Answer> {
  const model = scaleModel(factor);
  await putBlob(model);
  return call('POST', '/repositories/scale/versions', { version, files: [{ path: 'model.onnx', digest: digestOf(model), size: model.byteLength }], createRepository: true, metadata: { factor } });
}

function fails(answer: Answer, status: number, code: string, message = /./): void {
  assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body));
  assert.match(answer.body.error, message);
}

describe('repositories', () => {
  it('are created once, listed, shown and deleted', async () => {
    assert.equal((await call('POST', '/repositories', { name: 'empty', description: 'nothing' })).body.createdBy, 'ada');
    fails(await call('POST', '/repositories', { name: 'empty' }), 409, 'REPOSITORY_EXISTS');
    assert.equal((await call('POST', '/repositories', { name: 'empty', ifNotExists: true })).status, 200);
    assert.equal((await call('GET', '/repositories/empty')).body.description, 'nothing');
    assert.equal((await call('DELETE', '/repositories/empty')).status, 204);
    fails(await call('GET', '/repositories/empty'), 404, 'REPOSITORY_NOT_FOUND');
  });

  it('hold versions with files, labels, history and differences', async () => {
    const first = await publish('v1', 2);
    assert.deepEqual([first.status, first.body.created, first.body.version.manifest.metadata], [200, true, { factor: 2 }]);
    assert.equal((await publish('v1', 2)).body.created, false);
    fails(await publish('v1', 9), 409, 'VERSION_EXISTS');
    await publish('v2', 3);
    assert.deepEqual((await call('GET', '/repositories/scale/versions')).body.map((one: { version: string }) => one.version), ['v1', 'v2']);
    assert.equal((await call('PUT', '/repositories/scale/labels/stable', { version: 'v1', expect: null })).body.version, 'v1');
    fails(await call('PUT', '/repositories/scale/labels/stable', { version: 'v2', expect: 'v2' }), 409, 'CONFLICT');
    assert.equal((await call('GET', '/repositories/scale/versions/stable')).body.version, 'v1');
    assert.equal((await call('GET', '/repositories/scale/diff?from=v1&to=v2')).body.files[0].change, 'changed');
    assert.equal((await call('GET', '/repositories/scale/history?limit=1')).body[0].action, 'label-moved');
    fails(await call('DELETE', '/repositories/scale/versions/v1'), 409, 'IN_USE');
    assert.equal((await call('DELETE', '/repositories/scale/labels/stable')).status, 204);
  });

  it('are listed in pages', async () => {
    const names = async (query: string): Promise<string[]> => (await call('GET', `/repositories/scale/versions?${query}`)).body.map(({ version }: { version: string }) => version);
    const all = await names('');
    assert.ok(all.length >= 2);
    assert.deepEqual(await names('limit=1'), all.slice(-1));
    assert.deepEqual(await names(`after=${all[0]}&limit=1`), all.slice(1, 2));
    assert.deepEqual(await names(`before=${all[1]}`), all.slice(0, 1));
    assert.deepEqual((await call('GET', '/repositories?limit=1000&after=scale')).body, []);
    const refused = await call('GET', '/repositories?limit=0');
    assert.equal(refused.status, 400);
    assert.match(refused.body.error, /limit/);
  });
  it('give files back byte for byte, by version and by digest', async () => {
    for (const path of ['/repositories/scale/versions/v1/files/model.onnx', `/blobs/${digestOf(scaleModel(2))}`]) {
      const response = await fetch(`${url}/api/v1${path}`);
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array(scaleModel(2)));
    }
    fails(await call('GET', '/repositories/scale/versions/v1/files/no/such.bin'), 404, 'BLOB_NOT_FOUND', /it has model\.onnx/);
    fails(await call('GET', '/repositories/scale/versions/v1/files/..%2F..%2Flepton.sqlite'), 404, 'BLOB_NOT_FOUND');
  });
});

describe('uploads', () => {
  const garbage = new TextEncoder().encode('not a model');

  it('are asked for once', async () => {
    const digest = digestOf(garbage);
    assert.deepEqual((await call('POST', '/blobs/missing', { digests: [digest] })).body, { digests: [digest], partial: [] });
    assert.deepEqual((await putBlob(garbage)).body, { digest, size: garbage.byteLength, created: true });
    assert.equal((await putBlob(garbage)).body.created, false);
    assert.deepEqual((await call('POST', '/blobs/missing', { digests: [digest] })).body, { digests: [], partial: [] });
  });

  it('with another content than announced, without content or too large are refused', async () => {
    fails(await putBlob(garbage, digestOf('something else')), 422, 'DIGEST_MISMATCH');
    fails(await call('PUT', `/blobs/${digestOf(garbage)}?offset=5`, garbage, { 'content-type': 'application/octet-stream' }), 409, 'CONFLICT', /can go on at byte 0, not 5/);
    fails(await call('PUT', `/blobs/${digestOf(garbage)}?offset=-1`, garbage, { 'content-type': 'application/octet-stream' }), 400, 'INVALID_ARGUMENT', /offset/);
    fails(await call('PUT', `/blobs/${digestOf(garbage)}?offset=${2 ** 20}`, garbage, { 'content-type': 'application/octet-stream' }), 413, 'TOO_LARGE');
    const large = new Uint8Array(2 ** 20 + 1);
    fails(await putBlob(large), 413, 'TOO_LARGE', /file-bytes-max/);
    fails(await call('PUT', `/blobs/${digestOf(garbage)}`, {}), 415, 'UNSUPPORTED_MEDIA_TYPE');
    fails(await call('PUT', '/blobs/sha256:123', undefined, { 'content-type': 'application/octet-stream' }), 400, 'INVALID_ARGUMENT', /digest/);
  });

  it('that are no models make no version', async () => {
    const files = [{ path: 'model.onnx', digest: digestOf(garbage), size: garbage.byteLength }];
    fails(await call('POST', '/repositories/garbage/versions', { version: 'v1', files, createRepository: true }), 422, 'MODEL_INVALID');
    fails(await call('GET', '/repositories/garbage'), 404, 'REPOSITORY_NOT_FOUND');
    const missing = [{ path: 'model.onnx', digest: digestOf('never sent'), size: 10 }];
    fails(await call('POST', '/repositories/scale/versions', { version: 'v9', files: missing }), 422, 'BLOB_MISSING');
  });
});

describe('services', () => {
  it('are deployed, waited for, updated, scheduled and rolled back', async () => {
    const first = await call('POST', '/services/calc/deployments?wait=60', { deployment: { version: 'scale:v1' }, reason: 'first' });
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.deepEqual([first.body.revision, (first.body.status as ServiceStatus).versions[0]?.phase], [1, 'ready']);
    const dry = await call('POST', '/services/calc/deployments?dryRun=true', { deployment: { version: 'scale:v2' }, weight: 10 });
    assert.ok(dry.body.changes.length > 0 && dry.body.status === undefined);
    assert.equal((await call('GET', '/services/calc')).body.revision, 1);
    await call('POST', '/services/calc/deployments?wait=60', { deployment: { version: 'scale:v2' }, weight: 10 });
    const moved = await call('PUT', '/services/calc/traffic?wait=60', { traffic: { weights: { v1: 50, v2: 50 }, sticky: { header: 'x-user' } } });
    assert.deepEqual((moved.body.status as ServiceStatus).versions.map(({ weight }) => weight), [50, 50]);
    assert.equal((await call('PATCH', '/services/calc/deployments/v2', { priority: 3 })).status, 200);
    fails(await call('DELETE', '/services/calc/deployments/v2'), 412, 'PRECONDITION_FAILED');
    const back = await call('POST', '/services/calc/rollback?wait=60', { revision: 1 });
    assert.deepEqual((back.body.status as ServiceStatus).spec.deployments.map(({ version }) => version), ['v1']);
    assert.equal((await call('GET', '/services/calc/revisions')).body.length, back.body.revision);
  });

  it('are declared, and the same declaration again changes nothing', async () => {
    const declaration = { deployments: [{ version: 'scale:v1', priority: 1 }, { version: 'scale:v2' }], traffic: { weights: { v1: 90, v2: 10 } } };
    assert.ok((await call('PUT', '/services/calc?wait=60', declaration)).body.changes.length > 0);
    assert.deepEqual((await call('PUT', '/services/calc', declaration)).body.changes, []);
    fails(await call('PUT', '/services/calc', { ...declaration, name: 'other' }), 400, 'INVALID_ARGUMENT', /other/);
    fails(await call('PUT', '/services/calc', { ...declaration, expectRevision: 1 }), 409, 'CONFLICT');
  });

  it('are refused with the reason', async () => {
    fails(await call('POST', '/services/calc/deployments', { deployment: { version: 'scale:nope' } }), 404, 'VERSION_NOT_FOUND');
    fails(await call('GET', '/services/nope'), 404, 'SERVICE_NOT_FOUND');
    fails(await call('POST', '/services/calc/rollback', { revision: 999 }), 404, 'REVISION_NOT_FOUND');
    fails(await call('PUT', '/services/calc/traffic', { traffic: { weights: { v1: 50 } } }), 400, 'INVALID_ARGUMENT', /50/);
  });

  it('have replicas with logs', async () => {
    const replicas = await call('GET', '/replicas?service=calc&version=v1');
    assert.match((await call('GET', `/replicas/${replicas.body[0].id}/log?tailBytes=1000`)).body.text, /ready/);
    fails(await call('GET', '/replicas/none/log'), 404, 'REPLICA_NOT_FOUND');
    fails(await call('GET', '/replicas/none/log?tailBytes=0'), 400, 'INVALID_ARGUMENT', /tailBytes/);
  });

  it('go with all that they ran', async () => {
    assert.equal((await call('DELETE', '/services/calc?wait=60')).status, 200);
    await until('the service has gone', async () => (await call('GET', '/services/calc')).status === 404);
  });
});

describe('events', () => {
  it('are listed with a filter and paged', async () => {
    const all = (await call('GET', '/events?limit=1000&service=calc')).body as PlatformEvent[];
    assert.ok(all.length > 3 && all.every((event) => event.service === 'calc'));
    assert.deepEqual((await call('GET', `/events?limit=2&service=calc&after=${all[0]?.id}`)).body.map((event: PlatformEvent) => event.id), all.slice(1, 3).map(({ id }) => id));
    fails(await call('GET', '/events?severity=loud'), 400, 'INVALID_ARGUMENT', /"info", "warning", "error"/);
  });

  it('are followed: what was, then what comes, once each and in order', async () => {
    const last = ((await call('GET', '/events?limit=1')).body as PlatformEvent[])[0]?.id ?? 0;
    await call('POST', '/repositories', { name: 'before' });
    await until('the event is stored', async () => (await call('GET', `/events?after=${last}`)).body.length > 0);
    const stop = new AbortController();
    const response = await fetch(`${url}/api/v1/events?after=${last}`, { headers: { accept: 'text/event-stream' }, signal: stop.signal });
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk as Uint8Array);
    })().catch(() => undefined);
    await until('the backlog', () => text.includes('before'));
    await call('POST', '/repositories', { name: 'afterwards' });
    await until('the new event', () => text.includes('afterwards'));
    stop.abort();
    await reading;
    const ids = [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
  });
});

describe('maintenance', () => {
  it('collects, checks and imports', async () => {
    assert.equal((await call('POST', '/gc', { dryRun: true, graceMs: 0 })).body.dryRun, true);
    assert.deepEqual((await call('POST', '/fsck', {})).body.problems, []);
    await writeModelDirectory(join(directory.path, 'models', 'imported', '1'), scaleModel(5));
    fails(await call('POST', '/import', { directory: 'models' }), 400, 'INVALID_ARGUMENT', /absolute/);
    const imported = await call('POST', '/import', { directory: join(directory.path, 'models'), deploy: false });
    assert.deepEqual(imported.body.models, [{ name: 'imported', service: null, versions: [{ version: '1', outcome: 'created', message: '' }] }]);
  });
});

describe('the server', () => {
  it('tells what it is', async () => {
    const status = await call('GET', '/status');
    assert.equal(status.body.httpUrl, url);
    assert.ok(status.body.counts.versions >= 2);
    assert.equal(((await (await fetch(url)).json()) as { openapi: string }).openapi, '/api/v1/openapi.json');
    assert.equal(((await (await fetch(`${url}/api/v1/openapi.json`)).json()) as { openapi: string }).openapi, '3.1.0');
  });

  it('explains what it does not have', async () => {
    fails(await call('GET', '/nothing'), 404, 'ROUTE_NOT_FOUND');
    const wrong = await call('PATCH', '/services/calc');
    fails(wrong, 405, 'METHOD_NOT_ALLOWED');
    assert.equal(wrong.headers.get('allow'), 'GET, PUT, DELETE');
  });

  it('refuses what is malformed, with the reason, and answers the next request', async () => {
    const cases: [Promise<Answer>, RegExp][] = [
      [call('POST', '/repositories', { nam: 'x' }), /unknown key "nam": did you mean "name"/],
      [call('POST', '/repositories', { name: '../../etc' }), /name/],
      [call('POST', '/repositories', { name: 5 }), /name .*but is 5/],
      [call('POST', '/repositories'), /JSON body/],
      [call('GET', '/repositories?x=1'), /unknown parameter "x"/],
      [call('GET', `/repositories/${'a'.repeat(200)}`), /repository/],
      [call('GET', '/services/%ff'), /./],
      [call('GET', '/repositories', undefined, { 'lepton-user': 'x'.repeat(300) }), /lepton-user/],
    ];
    for (const [answer, message] of cases) fails(await answer, 400, 'INVALID_ARGUMENT', message);
    const sent = async (text: string): Promise<Answer> => {
      const response = await fetch(`${url}/api/v1/repositories`, { method: 'POST', body: text, headers: { 'content-type': 'application/json' } });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };
    for (let round = 0; round < 20; round++) for (const text of ['{', '[', '"']) fails(await sent(text), 400, 'INVALID_ARGUMENT', /not valid JSON/);
    fails(await sent(''), 400, 'INVALID_ARGUMENT', /needs a JSON body/);
    fails(await sent('{"__proto__": {"x": 1}, "name": "p"}'), 400, 'INVALID_ARGUMENT', /key "__proto__", which is not allowed/);
    const plain = await fetch(`${url}/api/v1/gc`, { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } });
    assert.equal(plain.status, 415);
    assert.equal((await call('GET', '/status')).status, 200);
  });

  it('lets go of an upload whose sender leaves', async () => {
    const digest = digestOf('never complete');
    await new Promise<void>((resolve) => {
      const upload = httpRequest(`${url}/api/v1/blobs/${digest}`, { method: 'PUT', headers: { 'content-type': 'application/octet-stream', 'content-length': 1000 } });
      upload.on('error', () => resolve());
      upload.on('socket', (socket) => socket.on('connect', () => setImmediate(() => upload.destroy(new Error('gone')))));
      upload.write('part');
    });
    assert.deepEqual((await call('POST', '/blobs/missing', { digests: [digest] })).body, { digests: [digest], partial: [] });
    assert.equal((await call('GET', '/status')).status, 200);
  });
});
