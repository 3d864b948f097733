import { deflateSync, gzipSync } from 'node:zlib';
import type { WireAnswer } from '../hostile/support/answer-parser.ts';
import { RawClient } from '../hostile/support/raw-client.ts';
import { inferBinary, inferJson, MODEL, request } from '../hostile/support/requests.ts';
import { makeRequest } from './made-requests.ts';
import { mutateBytes, mutateJson } from './mutate.ts';
import type { Random } from './random.ts';
import { type FuzzTarget, PATIENCE_MS } from './target.ts';

/** Refusals beyond 4xx that have a meaning of their own: not served, not ready or full, too late. */
const MEANT = new Set([501, 503, 504]);
const POSTS = [`/v2/models/${MODEL}/infer`, `/v2/models/${MODEL}/versions/v1/infer`, '/v2/repository/index', `/v1/models/${MODEL}:predict`, `/v1/models/${MODEL}/versions/1:predict`, '/invocations', `/mlflow/${MODEL}/invocations`, `/v2/repository/models/${MODEL}/load`, '/v2/logging', '/v2/trace/setting'];
const GETS = ['/v2', '/v2/health/live', '/v2/health/ready', `/v2/models/${MODEL}`, `/v2/models/${MODEL}/config`, `/v2/models/${MODEL}/stats`, `/v2/models/${MODEL}/ready`, '/v2/models/stats', `/v1/models/${MODEL}`, `/v1/models/${MODEL}/metadata`, '/v1/models', `/mlflow/${MODEL}/ping`, '/metrics', '/api/v1/services'];

/** The HTTP port: changed bodies in good heads, changed heads, changed bytes of whole requests, alone and in a row. */
export function createHttpTarget(port: () => number): FuzzTarget {
  return {
    name: 'http',
    attack: async (random) => {
      const parts = Array.from({ length: random.chance(0.1) ? 2 + random.below(4) : 1 }, () => makeWire(random));
      const bytes = Buffer.concat(parts);
      const client = await RawClient.open(port());
      try {
        await sendInPieces(random, client, bytes);
        // An incomplete request ends with the connection, or with the time for it.
        if (random.chance(0.7)) client.socket.end();
        const answers = await client.answeredOrEnded(1, PATIENCE_MS);
        if (client.error && !/ECONNRESET|EPIPE/.test(client.error.message)) throw client.error;
        for (const answer of answers) check(answer, bytes);
      } finally {
        client.destroy();
      }
    },
    close: async () => {},
  };
}

/** One request, a little or very wrong. */
function makeWire(random: Random): Buffer {
  const whole = random.chance(0.2) ? request({ method: 'GET', target: random.pick(GETS) }) : makePost(random);
  if (random.chance(0.5)) return whole;
  const head = whole.indexOf('\r\n\r\n') + 4;
  return random.chance(0.7) ? Buffer.concat([mutateBytes(random, whole.subarray(0, head)), whole.subarray(head)]) : mutateBytes(random, whole);
}

function makePost(random: Random): Buffer {
  const { body, jsonBytes } = makeBody(random);
  const changed = random.chance(0.7) ? mutateBytes(random, body) : body;
  const encoding = random.pick([null, null, null, 'gzip', 'deflate'] as const);
  const packed = encoding === 'gzip' ? gzipSync(changed) : encoding === 'deflate' ? deflateSync(changed) : changed;
  const sent = random.chance(0.1) ? mutateBytes(random, packed) : packed;
  const headers = { ...(jsonBytes !== null && { 'inference-header-content-length': jsonBytes }), ...(encoding && { 'content-encoding': encoding }), ...(random.chance(0.2) && { 'accept-encoding': 'gzip' }) };
  const target = random.chance(0.6) ? (POSTS[0] as string) : random.pick(POSTS);
  if (random.chance(0.15)) return Buffer.concat([request({ target, headers: { ...headers, 'transfer-encoding': 'chunked' } }), chunked(random, sent)]);
  return request({ target, headers, body: sent });
}

function makeBody(random: Random): { body: Buffer; jsonBytes: number | null } {
  switch (random.below(5)) {
    case 0:
      return { body: Buffer.from(inferJson(random.below(1000))), jsonBytes: null };
    case 1:
      return inferBinary(random.below(1000), random.below(4));
    case 2:
      return { body: Buffer.from(JSON.stringify(mutateJson(random, JSON.parse(inferJson(1)))) ?? ''), jsonBytes: null };
    case 3:
      return { body: Buffer.from(JSON.stringify(mutateJson(random, { instances: [{ INPUT0: new Array(16).fill(1), INPUT1: new Array(16).fill(2) }] })) ?? ''), jsonBytes: null };
    default:
      return makeRequest(random);
  }
}

function chunked(random: Random, bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const piece = bytes.subarray(at, at + 1 + random.below(bytes.length));
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
    at += piece.length;
  }
  return Buffer.concat([...pieces, Buffer.from('0\r\n\r\n')]);
}

async function sendInPieces(random: Random, client: RawClient, bytes: Buffer): Promise<void> {
  if (random.chance(0.7)) return void client.send(bytes);
  for (let at = 0; at < bytes.length && !client.closed; ) {
    const end = at + 1 + random.below(bytes.length);
    client.send(bytes.subarray(at, end));
    await new Promise(setImmediate);
    at = end;
  }
}

function check({ status, body, headers }: WireAnswer, sent: Buffer): void {
  const told = `${status} ${body.toString('utf8', 0, 300)} to ${JSON.stringify(sent.toString('latin1', 0, 300))}`;
  if (status >= 500 && !MEANT.has(status)) throw new Error(`an answer that blames us: ${told}`);
  // The answer to a HEAD has no body, whatever its head says.
  if (status < 400 || !headers.get('content-type')?.startsWith('application/json')) return;
  const parsed = JSON.parse(body.toString('utf8')) as { error?: unknown; message?: unknown; ready?: unknown };
  const reason = parsed.error ?? parsed.message ?? (parsed.ready === false ? 'it is not ready' : undefined);
  if (typeof reason !== 'string' || reason.length < 8) throw new Error(`a refusal without a reason: ${told}`);
}
