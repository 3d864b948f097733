import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Agent, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { GatewayFixture, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';

interface Answer {
  readonly status: number;
  readonly body: { readonly error?: string; readonly code?: string; readonly outputs?: readonly { readonly data: readonly number[] }[] };
  /** Our port of the connection. */
  readonly port: number | undefined;
}
interface Case {
  readonly why: string;
  readonly body: string | Buffer;
  readonly headers?: OutgoingHttpHeaders;
  /** After /v2/models/. */
  readonly path?: string;
  readonly status?: number;
  readonly words: string;
}
interface Vector {
  readonly why: string;
  readonly input?: string;
  readonly body?: string;
  readonly bodyHex?: string;
  readonly headerLength?: number;
  readonly status: number;
  readonly error: string;
}
const VECTORS = JSON.parse(await readFile(new URL('../../protocol/inference-v2.json', import.meta.url), 'utf8')) as { readonly refused: readonly Vector[]; readonly refusedRequests: readonly Vector[] };

const tensor = (change: object = {}): object => ({ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 1, 1, 1], ...change });
const json = (change: object = {}): string => JSON.stringify({ inputs: [tensor()], ...change });
const one = (change: object): string => json({ inputs: [tensor(change)] });
const output = (change: object): string => json({ outputs: [{ name: 'y', ...change }] });
const GOOD = json();
const deep = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);
const binary = (head: object, data: Buffer): Pick<Case, 'body' | 'headers'> => {
  const text = Buffer.from(JSON.stringify(head));
  return { body: Buffer.concat([text, data]), headers: { 'inference-header-content-length': text.length } };
};

const CASES: readonly Case[] = [
  { why: 'unknown model', path: 'nobody', body: GOOD, status: 404, words: "Request for unknown model: 'nobody' is not found" },
  { why: 'model __proto__', path: '__proto__', body: GOOD, status: 404, words: "unknown model: '__proto__'" },
  { why: 'model constructor', path: 'constructor', body: GOOD, status: 404, words: "unknown model: 'constructor'" },
  { why: 'unknown version', path: 'm/versions/9', body: GOOD, status: 404, words: "version '9' is not found; it has the versions 'v1'" },
  { why: 'version __proto__', path: 'm/versions/__proto__', body: GOOD, status: 404, words: "'__proto__'" },
  { why: 'version toString', path: 'm/versions/toString', body: GOOD, status: 404, words: "'toString'" },
  { why: 'model with a slash', path: 'm%2Fx', body: GOOD, status: 404, words: "'m/x'" },
  { why: 'model with broken percent-encoding', path: '%zz', body: GOOD, words: "'%zz' in the path is not valid percent-encoding" },
  { why: 'unknown input', body: one({ name: 'z' }), words: "unexpected inference input 'z' for model 'm' version 'v1'; did you mean 'x'?" },
  { why: 'input __proto__', body: one({ name: '__proto__' }), words: "unexpected inference input '__proto__'" },
  { why: 'input constructor', body: one({ name: 'constructor' }), words: "unexpected inference input 'constructor'" },
  { why: 'no input', body: json({ inputs: [] }), words: "input 'x' is missing" },
  { why: 'an input twice', body: json({ inputs: [tensor(), tensor()] }), words: "input 'x' is given twice" },
  { why: 'unknown output', body: output({ name: 'z' }), words: "unexpected inference output 'z'" },
  { why: 'output __proto__', body: output({ name: '__proto__' }), words: "unexpected inference output '__proto__'" },
  { why: 'another datatype', body: one({ datatype: 'FP64' }), words: "input 'x' has datatype FP64, but model 'm' version 'v1' takes FP32" },
  { why: 'another rank', body: one({ shape: [4] }), words: "input 'x' has shape [4], but model 'm' version 'v1' takes [-1,4]" },
  { why: 'another size', body: one({ shape: [1, 3], data: [1, 1, 1] }), words: "input 'x' has shape [1,3]" },
  { why: 'another count', body: one({ data: [1, 1, 1] }), words: "data of input 'x' has 3 elements, but shape [1,4] needs 4" },
  { why: 'a shape of 2^106 elements', body: one({ shape: [2 ** 53 - 1, 2 ** 53 - 1] }), words: "shape of input 'x': [9007199254740991,9007199254740991] names more than" },
  { why: 'classes of less than none', body: output({ parameters: { classification: -3 } }), words: 'outputs[0].parameters.classification is -3' },
  { why: 'priority of a fraction', body: json({ parameters: { priority: 1.5 } }), words: 'parameters.priority is 1.5' },
  { why: 'priority below 0', body: json({ parameters: { priority: -1 } }), words: 'parameters.priority is -1' },
  { why: 'timeout of a string', body: json({ parameters: { timeout: 'soon' } }), words: 'parameters.timeout is "soon"' },
  { why: '1025 parameters', body: json({ parameters: Object.fromEntries(Array.from({ length: 1025 }, (_, index) => [`p${index}`, 1])) }), words: 'parameters has 1025 entries, more than 1024' },
  { why: '1025 inputs', body: json({ inputs: Array.from({ length: 1025 }, () => tensor()) }), words: 'inputs has 1025 entries, more than 1024' },
  { why: 'data nested 100,000 deep', body: GOOD.replace('[1,1,1,1]', deep(100_000)), words: "data of input 'x'" },
  { why: 'data nested 100,000 deep beside a long number', body: GOOD.replace('[1,1,1,1]', `[12345678901234567890,${deep(100_000)}]`), words: 'nested too deeply' },
  { why: 'objects nested 100,000 deep', body: `{"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`, words: 'nested more than 10000 deep' },
  { why: '100,000 opened and never closed', body: `{"inputs":${'['.repeat(100_000)}`, words: 'not JSON' },
  { why: 'a shape nested deep', body: GOOD.replace('[1,4]', deep(50_000)), words: "shape of input 'x'" },
  { why: 'a string of NUL', body: one({ name: '\0' }), words: 'unexpected inference input' },
  { why: 'shared memory', body: one({ data: undefined, parameters: { shared_memory_region: 'r', shared_memory_byte_size: 16 } }), status: 501, words: 'shared memory' },
  { why: 'binary data of half the shape', ...binary({ inputs: [tensor({ data: undefined, parameters: { binary_data_size: 8 } })] }, Buffer.alloc(8)), words: '8 bytes, but FP32 [1,4] needs 16' },
  { why: 'a raw body that fills no row', body: Buffer.alloc(20), headers: { 'inference-header-content-length': '0' }, words: "does not fill the shape [-1,4] of input 'x'" },
  ...['-1', '1.5', '0x10', '1e2', 'abc', '99999999999999999999', '0, 5'].map((value) => ({ why: `header length ${value}`, body: GOOD, headers: { 'inference-header-content-length': value }, words: `inference-header-content-length '${value}' is not a whole number` })),
  { why: 'a header length beyond the body', body: GOOD, headers: { 'inference-header-content-length': '99999' }, words: 'inference-header-content-length is 99999, but the body has' },
  { why: 'gzip that is none', body: GOOD, headers: { 'content-encoding': 'gzip' }, words: 'the body is not gzip data' },
  { why: 'gzip cut short', body: gzipSync(GOOD).subarray(0, 30), headers: { 'content-encoding': 'gzip' }, words: 'the body is not gzip data' },
  { why: 'deflate said to be gzip', body: deflateSync(GOOD), headers: { 'content-encoding': 'gzip' }, words: 'the body is not gzip data' },
  { why: 'gzip without saying so', body: gzipSync(GOOD), words: 'not UTF-8' },
  { why: 'gzip twice, said once', body: gzipSync(gzipSync(GOOD)), headers: { 'content-encoding': 'gzip' }, words: 'not UTF-8' },
  { why: 'a gzip bomb', body: gzipSync(Buffer.alloc(50_000_000, 0x20)), headers: { 'content-encoding': 'gzip' }, status: 413, words: 'over the limit of 1000000 bytes' },
  { why: 'an unknown content-encoding', body: GOOD, headers: { 'content-encoding': 'br' }, status: 415, words: "content-encoding 'br'" },
  { why: 'two content-encodings', body: gzipSync(gzipSync(GOOD)), headers: { 'content-encoding': 'gzip, gzip' }, status: 415, words: "content-encoding 'gzip, gzip'" },
  { why: 'a body over the limit', body: Buffer.alloc(1_000_001, 0x20), status: 413, words: '1000000 bytes' },
];

const fromVectors: readonly Case[] = [...VECTORS.refused, ...VECTORS.refusedRequests].map((vector) => ({
  why: `vector: ${vector.why}`,
  body: vector.input !== undefined ? `{"inputs":[${vector.input}]}` : vector.bodyHex !== undefined ? Buffer.from(vector.bodyHex, 'hex') : (vector.body as string),
  ...(vector.headerLength !== undefined && { headers: { 'inference-header-content-length': vector.headerLength } }),
  status: vector.status,
  words: vector.error,
}));

describe('what is wrong with a request is told, and the next one is answered on the same connection', () => {
  let gateway: GatewayFixture;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  before(async () => {
    gateway = await GatewayFixture.start();
    const worker = await gateway.worker('w', 3);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [worker.route])]));
  });
  after(() => {
    agent.destroy();
    return gateway.close();
  });

  async function post(path: string, body: string | Buffer, headers: OutgoingHttpHeaders = {}): Promise<Answer> {
    const { host, port } = gateway.ports.http;
    const asked = request({ host, port, path: `/v2/models/${path}/infer`, method: 'POST', agent, headers: { 'content-length': Buffer.byteLength(body), ...headers } });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const { localPort } = answer.socket;
    const text = (await answer.setEncoding('utf8').toArray()).join('');
    return { status: answer.statusCode as number, body: JSON.parse(text) as Answer['body'], port: localPort };
  }

  for (const { why, path = 'm', body, headers, status = 400, words } of [...CASES, ...fromVectors]) {
    test(why, async () => {
      const refused = await post(path, body, headers);
      assert.equal(refused.status, status, refused.body.error ?? '');
      assert.ok(refused.body.error?.includes(words), refused.body.error);
      assert.ok(refused.body.code, 'has a code');
      const good = await post('m', GOOD);
      assert.deepEqual([good.status, good.body.outputs?.[0]?.data], [200, [3, 3, 3, 3]]);
      // What was not read to its end cannot be followed by anything.
      if (status === 400 || status === 404) assert.equal(good.port, refused.port, 'the same connection');
    });
  }
});
