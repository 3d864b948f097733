import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { hostname } from 'node:os';
import { after, describe, test } from 'node:test';
import { PredictionIds } from '../../../core/index.ts';
import { DataPlane } from '../dispatch/index.ts';
import { RestServer } from './rest-server.ts';

const plane = new DataPlane({ random: Math.random, predictionIds: new PredictionIds({ key: '0'.repeat(16), chance: 0, now: Date.now }) });
const unused = async () => assert.fail('control is not asked');
const control = { models: { loadable: unused, change: unused }, logging: { current: () => assert.fail('control is not asked'), update: unused }, feedback: { send: unused } };
const limits = { bodyBytesMax: 1000, headerBytesMax: 16_384, connectionsMax: 100, requestReceiveTimeoutMs: 5000, keepAliveTimeoutMs: 1000 };

async function listening(address: string) {
  const server = new RestServer({ plane, onCall: () => {}, ...control, platformVersion: '0', limits }, (_path, _message, response) => response.end('other'));
  await once(server.listen(0, address), 'listening');
  after(() => server.close().closeAllConnections());
  const { port } = server.address() as AddressInfo;
  const ask = async (host: string, path = '/v2/health/live', method = 'GET'): Promise<{ status: number; body: string }> => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host } }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const body = (await answer.setEncoding('utf8').toArray()).join('');
    return { status: answer.statusCode as number, body };
  };
  return { port, ask };
}

describe('the host of a request to a server on loopback', async () => {
  const { port, ask } = await listening('127.0.0.1');

  for (const host of [`localhost:${port}`, 'LOCALHOST', 'localhost.', 'api.localhost:1', `127.0.0.1:${port}`, '127.9.9.9', '[::1]:8000', '[::1]', '192.168.1.5:8000', 'host.docker.internal:8000', `${hostname()}:8000`])
    test(`'${host}' is answered`, async () => assert.equal((await ask(host)).status, 200));

  for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', 'notlocalhost', '127.0.0.1.evil.example', 'evil.example:80:80', 'internal.example', '[evil.example]', 'a@localhost.example'])
    test(`'${host}' is refused`, async () => {
      const { status, body } = await ask(host);
      assert.equal(status, 400);
      assert.equal(JSON.parse(body).code, 'INVALID_ARGUMENT');
      assert.ok(body.includes(`not '${host}'`), body);
    });

  test('whatever is asked for, also after a good one', async () => {
    assert.deepEqual(await ask('localhost', '/api/v1/services'), { status: 200, body: 'other' });
    assert.equal((await ask('evil.example', '/api/v1/services')).status, 400);
    assert.equal((await ask('evil.example', '/v2/models/m/infer', 'POST')).status, 400);
    assert.equal((await ask('localhost')).status, 200);
  });

  test('HTTP/1.0 has no host and no pages that could rebind it', async () => {
    const socket = connect(port, '127.0.0.1').end('GET /v2/health/live HTTP/1.0\r\n\r\n');
    assert.match((await socket.setEncoding('utf8').toArray()).join(''), /^HTTP\/1\.1 200/);
  });
});

test('a server on all addresses answers to any host', async () => {
  const { ask } = await listening('0.0.0.0');
  assert.equal((await ask('models.example')).status, 200);
});
