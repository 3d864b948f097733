import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { InferenceClient, LeptonApiError, LeptonClient } from './index.ts';

async function withServer(listener: RequestListener, use: (client: InferenceClient) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await use(new InferenceClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const inputs = { x: { data: [1], shape: [1] } };
const failsWith = (code: string, status: number, message: RegExp) => (thrown: unknown) => thrown instanceof LeptonApiError && thrown.code === code && thrown.status === status && message.test(thrown.message);

describe('a deadline', () => {
  it('is the server’s to tell, although its answer comes after it', () =>
    withServer(
      async (_message, response) => {
        await delay(150);
        response.writeHead(504).end('{"error":"the deadline of 50 ms passed while the request was running","code":"DEADLINE_EXCEEDED"}');
      },
      (client) => assert.rejects(client.infer('m', inputs, { timeoutMs: 50 }), failsWith('DEADLINE_EXCEEDED', 504, /while the request was running/)),
    ));
  it('ends the waiting for a server that says nothing', () => withServer(() => undefined, (client) => assert.rejects(client.infer('m', inputs, { timeoutMs: 50 }), failsWith('DEADLINE_EXCEEDED', 0, /deadline of 50 ms passed without an answer/))));
  it('is not what the caller’s own signal says', () =>
    withServer(() => undefined, (client) => assert.rejects(client.infer('m', inputs, { timeoutMs: 10_000, signal: AbortSignal.timeout(20) }), { name: 'TimeoutError' })));
});

it('a port that fetch refuses is told as such', () => assert.rejects(new LeptonClient({ url: 'http://127.0.0.1:1' }).status(), failsWith('SERVER_UNREACHABLE', 0, /HTTP clients refuse this port/)));
