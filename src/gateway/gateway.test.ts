import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { request as httpRequest } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { DemandMessage } from '../wire/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';
import { until } from '../testing/until.ts';

describe('traffic through a real gateway', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await GatewayFixture.start();
  });
  after(() => gateway.close());

  test('before the first table it is live and not ready; a request waits for the table instead of being told that there is no model', async () => {
    assert.deepEqual(await (await fetch(`${gateway.url}/v2/health/live`)).json(), { live: true });
    const ready = await fetch(`${gateway.url}/v2/health/ready`);
    assert.equal(ready.status, 503);
    assert.deepEqual(await ready.json(), { ready: false });
    const metadata = await fetch(`${gateway.url}/v2/models/m`);
    assert.deepEqual([metadata.status, metadata.headers.get('retry-after')], [503, '1']);
    const waiting = gateway.infer('early');
    assert.equal(await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 100, 'waits'))]), 'waits');
    const worker = await gateway.worker('early', 5);
    const services = [serviceRoute('early', [versionRoute('v1', [worker.route])])];
    const readiness = async (): Promise<number> => (await fetch(`${gateway.url}/v2/health/ready`)).status;
    await gateway.setTable({ services, starting: true });
    const { status, body } = await waiting;
    assert.deepEqual([status, body.outputs[0].data], [200, [5, 5, 5, 5]]);
    assert.deepEqual([await readiness(), (await fetch(`${gateway.url}/v2/models/early/ready`)).status], [503, 200], 'what is there serves while the rest of the start is awaited');
    await gateway.setTable({ services });
    assert.equal(await readiness(), 200);
    await gateway.setTable({ services, starting: true });
    assert.equal(await readiness(), 200, 'control that starts again takes no serving gateway out of the balance');
  });

  test('three versions answer by name, by label and by weight', async () => {
    const [a, b] = [await gateway.worker('a', 2), await gateway.worker('b', 3)];
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [a.route]), versionRoute('v2', [b.route]), versionRoute('v3', [], { phase: 'failed', reason: 'LoadFailed', message: 'no such operator' })], { weights: { v1: 90, v2: 10 }, labels: { canary: 'v2' } }));
    assert.equal((await fetch(`${gateway.url}/v2/health/ready`)).status, 200);
    for (const [path, version, y] of [['m/versions/v1', 'v1', 2], ['m/versions/v2', 'v2', 3], ['m/versions/canary', 'v2', 3]] as const) {
      const { status, headers, body } = await gateway.infer(path);
      assert.equal(status, 200);
      assert.equal(headers.get('lepton-version'), version);
      assert.equal(body.model_version, version);
      assert.deepEqual(body.outputs, [{ name: 'y', datatype: 'FP32', shape: [1, 4], data: [y, y, y, y] }]);
      assert.match(headers.get('lepton-prediction-id') ?? '', /^[0-9a-f-]{36}$/);
      assert.match(headers.get('server-timing') ?? '', /^queue;dur=[\d.]+, batch;dur=[\d.]+;desc="1", run;dur=[\d.]+, total;dur=[\d.]+$/);
    }
    const failed = await gateway.infer('m/versions/v3');
    assert.equal(failed.status, 503);
    assert.match(failed.body.error, /failed \(LoadFailed: no such operator\)/);
    assert.equal(failed.headers.get('retry-after'), '1');
    assert.equal(failed.headers.get('lepton-version'), 'v3');
    const unknown = await gateway.infer('m/versions/v9');
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'VERSION_NOT_FOUND']);
    const missing = await gateway.infer('nope');
    assert.deepEqual([missing.status, missing.body.error], [404, "Request for unknown model: 'nope' is not found"]);
  });

  test('90/10 over 10,000 requests lands within 0.5 %', async () => {
    const versions = (await Promise.all(Array.from({ length: 10 }, () => pipelined(gateway, 1000)))).flat();
    assert.equal(versions.length, 10_000);
    const canary = versions.filter((version) => version === 'v2').length;
    assert.ok(Math.abs(canary - 1000) <= 50, `${canary} of 10,000`);
  });

  test('a sticky key keeps its version, and metadata without a version follows it', async () => {
    const [a, b] = ['a', 'b'].map((id) => ({ id, socketPath: `${gateway.directory}/${id}.sock`, token: `token-${id}` }));
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [a!]), versionRoute('v2', [b!])], { weights: { v1: 50, v2: 50 }, sticky: { header: 'X-User' } }));
    const seen = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const headers = { 'x-user': `user-${user}` };
      const first = (await gateway.infer('m', { headers })).headers.get('lepton-version') as string;
      for (let again = 0; again < 3; again++) assert.equal((await gateway.infer('m', { headers })).headers.get('lepton-version'), first);
      assert.equal((await fetch(`${gateway.url}/v2/models/m`, { headers })).headers.get('lepton-version'), first);
      seen.add(first);
    }
    assert.deepEqual([...seen].sort(), ['v1', 'v2']);
    assert.equal((await fetch(`${gateway.url}/v2/models/m`)).headers.get('lepton-version'), 'v1');
  });

  test('binary tensors and compression go both ways', async () => {
    const json = Buffer.from(JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [300, 4], parameters: { binary_data_size: 4800 } }], parameters: { binary_data_output: true } }));
    const values = new Uint8Array(new Float32Array(1200).fill(1).buffer);
    const response = await fetch(`${gateway.url}/v2/models/m/versions/v1/infer`, {
      method: 'POST',
      body: gzipSync(Buffer.concat([json, values])),
      headers: { 'inference-header-content-length': String(json.length), 'content-encoding': 'gzip', 'accept-encoding': 'gzip' },
    });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-encoding'), 'gzip');
    const body = Buffer.from(await response.arrayBuffer());
    const head = Number(response.headers.get('inference-header-content-length'));
    assert.deepEqual(JSON.parse(body.toString('utf8', 0, head)).outputs[0].parameters, { binary_data_size: 4800 });
    assert.ok(new Float32Array(new Uint8Array(body.subarray(head)).buffer).every((value) => value === 2));
  });

  test('large answers are not compressed unless the client asks', async () => {
    const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [300, 4], data: new Array(1200).fill(1) }] });
    const encoding = (headers: Record<string, string>) =>
      new Promise<string | undefined>((resolve, reject) => {
        // Not fetch, which always asks for compression.
        const sent = httpRequest(`${gateway.url}/v2/models/m/infer`, { method: 'POST', headers }, (answer) => {
          answer.resume();
          resolve(answer.headers['content-encoding']);
        });
        sent.on('error', reject).end(body);
      });
    assert.equal(await encoding({}), undefined);
    assert.equal(await encoding({ 'accept-encoding': 'br, *' }), undefined);
    assert.equal(await encoding({ 'accept-encoding': 'gzip;q=0' }), undefined);
    assert.equal(await encoding({ 'accept-encoding': 'gzip;q=0.5, deflate' }), 'deflate');
  });

  test('a request that its version refuses says which', async () => {
    const response = await fetch(`${gateway.url}/v2/models/m/infer`, { method: 'POST', body: '{"inputs":[]}' });
    assert.equal(response.status, 400);
    assert.match(response.headers.get('lepton-version') ?? '', /^v[12]$/);
    assert.match(((await response.json()) as { error: string }).error, /'x' is missing: model 'm' version 'v[12]'/);
  });

  test('wrong methods and paths are refused', async () => {
    for (const [method, path, status, allow] of [['GET', '/v2/models/m/infer', 405, 'POST'], ['DELETE', '/v2/models/m', 405, 'GET'], ['HEAD', '/v2', 405, 'GET'], ['GET', '/v2/nothing', 404, null], ['POST', '/v2/models/m/%ff/infer', 404, null], ['POST', '/v2/models/%ff/infer', 400, null], ['POST', '/metrics', 405, 'GET'], ['GET', '/%69nternal/metrics', 404, null]] as const) {
      const response = await fetch(`${gateway.url}${path}`, { method });
      await response.text();
      assert.equal(response.status, status, `${method} ${path}`);
      assert.equal(response.headers.get('allow'), allow, `${method} ${path}`);
    }
  });

  test('metrics tell versions and reasons apart, and go with their version', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(text, /lepton_requests_total\{service="m",version="v2",outcome="ok",reason=""\} \d{3,}/);
    assert.match(text, /lepton_requests_total\{service="m",version="v[12]",outcome="error",reason="INVALID_ARGUMENT"\} \d+/);
    assert.match(text, /lepton_requests_rejected_total\{protocol="http",reason="MODEL_NOT_FOUND"\} [1-9]/);
    assert.match(text, /lepton_queue_duration_seconds_bucket\{service="m",version="v1",le="\+Inf"\} \d+/);
    assert.match(text, /lepton_control_up 0/);
    await gateway.setServices(serviceRoute('other', []));
    assert.doesNotMatch(await (await fetch(`${gateway.url}/metrics`)).text(), /service="m"/);
  });
});

describe('limits of connections', () => {
  test('slow heads and slow bodies end in time', async () => {
    const gateway = await GatewayFixture.start({ limits: { bodyBytesMax: 1000, headerBytesMax: 4096, connectionsMax: 100, requestReceiveTimeoutMs: 300, keepAliveTimeoutMs: 1000 } });
    try {
      const { port } = gateway.ports.http;
      for (const text of ['POST /v2/models/m/infer HTTP/1.1\r\nhost: localhost\r\n', 'POST /v2/models/m/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n{']) {
        const socket = connect(port, '127.0.0.1');
        socket.write(text);
        let answer = '';
        socket.on('data', (chunk) => (answer += chunk));
        await once(socket, 'close');
        assert.match(answer, /^HTTP\/1.1 (408|504)/);
      }
      const big = await fetch(`${gateway.url}/v2`, { headers: { 'x-long': 'a'.repeat(5000) } });
      assert.equal(big.status, 431);
      await big.text();
    } finally {
      await gateway.close();
    }
  });
});

describe('control and the gateway', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await GatewayFixture.start();
  });
  after(() => gateway.close());

  test('a wrong token is shown the door', async () => {
    const { dial } = await import('../wire/index.ts');
    await assert.rejects(dial(gateway.config.socketPath, { role: 'control', token: 'wrong' }, 2000));
  });

  test('without control it goes on with the last table; a new control adopts it', async () => {
    const worker = await gateway.worker('r', 2);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [worker.route])]));
    gateway.disconnect();
    for (let sent = 0; sent < 20; sent++) assert.equal((await gateway.infer('m')).status, 200);
    await gateway.connect();
    gateway.demand = null;
    await until('demand', () => gateway.demand !== null);
    const demand = gateway.demand as DemandMessage | null;
    assert.equal(demand?.versions[0]?.requests, 20);
    assert.ok((demand?.versions[0]?.latencyP99Ms ?? 0) > 0);
    assert.equal(demand?.versions[0]?.batchRows, 8);
    const other = await gateway.worker('r2', 3);
    await gateway.setServices(serviceRoute('m', [versionRoute('v2', [other.route])]));
    assert.equal((await gateway.infer('m')).headers.get('lepton-version'), 'v2');
  });

  test('management is unavailable without control and flows through with it', async () => {
    gateway.disconnect();
    for (const path of ['/api/v1/services', '/api/v1/services?wait=1']) {
      const missing = await fetch(`${gateway.url}${path}`);
      assert.equal(missing.status, 503);
      assert.equal(missing.headers.get('retry-after'), '1');
      assert.match(await missing.text(), /the control process does not answer/);
    }
    await gateway.connect();
    let aborted = false;
    await gateway.upstream((message, response) => {
      if (message.url === '/internal/metrics') return void response.end('control_metric 1\n');
      if (message.url === '/api/hang?wait=60') return void response.on('close', () => (aborted = true));
      // As Fastify refuses a body: it answers, and closes at once whatever still comes.
      if (message.url === '/api/early') return void response.writeHead(400, { connection: 'close' }).end('{"code":"INVALID_ARGUMENT"}');
      if (message.url === '/api/read') return void message.on('end', () => response.writeHead(400, { connection: 'close' }).end('{"code":"INVALID_ARGUMENT"}')).resume();
      if (message.url === '/api/cut') return void message.socket.destroy();
      let bytes = 0;
      message.on('data', (chunk) => (bytes += chunk.length));
      message.on('end', () => {
        response.setHeader('connection', 'x-hop');
        response.end(JSON.stringify({ method: message.method, url: message.url, bytes, forwarded: message.headers['x-forwarded-for'] }));
      });
    });
    const size = 40_000_000;
    const pushed = await fetch(`${gateway.url}/api/v1/blobs?q=1`, { method: 'PUT', body: Buffer.alloc(size), headers: { connection: 'keep-alive' } });
    assert.deepEqual(await pushed.json(), { method: 'PUT', url: '/api/v1/blobs?q=1', bytes: size, forwarded: '127.0.0.1' });
    assert.match(await (await fetch(`${gateway.url}/metrics`)).text(), /lepton_control_up 1[\s\S]*control_metric 1/);
    const post = async (path: string, body: string | Uint8Array<ArrayBuffer>) => {
      const { status, headers } = await fetch(`${gateway.url}${path}`, { method: 'POST', body });
      return `${status} ${headers.get('connection')}`;
    };
    const early = new Set<string>();
    for (let round = 0; round < 100; round++) early.add(await post(round % 2 ? '/api/early' : '/api/read', '{bad'));
    assert.deepEqual([...early], ['400 keep-alive'], 'control’s answer comes through, however early it closes');
    for (let round = 0; round < 5; round++) assert.match(await post('/api/early', Buffer.alloc(1_000_000)), /^400 /);
    assert.match(await post('/api/cut', 'x'), /^503 /);
    const leaving = new AbortController();
    const hanging = fetch(`${gateway.url}/api/hang?wait=60`, { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 50);
    await assert.rejects(hanging);
    await until('aborted upstream', () => aborted);
  });

  test('stop finishes what is open, refuses what is new and exits 0', async () => {
    const slow = await gateway.worker('slow', 2);
    slow.behaviour = { kind: 'answer', delayMs: 300 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [slow.route])]));
    await gateway.infer('m');
    const open = gateway.infer('m');
    await until('running', () => slow.runs.length === 2);
    gateway.stop(5000);
    const exit = once(gateway.process, 'exit');
    const last = await open;
    assert.deepEqual([last.status, last.headers.get('connection')], [200, 'close']);
    assert.deepEqual(await exit, [0, null]);
  });
});

describe('the program', () => {
  test('an address in use is exit code 3 with a reason', async () => {
    const first = await GatewayFixture.start({ grpc: null });
    const second = GatewayFixture.start({ http: first.ports.http, grpc: null });
    await assert.rejects(second, /ended with 3: [\s\S]*EADDRINUSE/);
    await first.close();
  });

  test('abandoned by control for longer than the grace it leaves', async () => {
    const gateway = await GatewayFixture.start({ orphanGraceMs: 200, grpc: null });
    const exit = once(gateway.process, 'exit');
    gateway.disconnect();
    assert.deepEqual(await exit, [0, null]);
    await gateway.close();
  });
});

/** Sends `count` requests down one connection without waiting in between; returns the versions that answered. */
async function pipelined(gateway: GatewayFixture, count: number): Promise<string[]> {
  const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 1, 1, 1] }] });
  const head = (last: boolean): string => `POST /v2/models/m/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n${last ? 'connection: close\r\n' : ''}\r\n`;
  const socket = connect(gateway.ports.http.port, '127.0.0.1');
  for (let sent = 1; sent <= count; sent++) socket.write(head(sent === count) + body);
  const text = Buffer.concat(await socket.toArray()).toString();
  return [...text.matchAll(/\r\nlepton-version: (\S+)/g)].map((match) => match[1] as string);
}
