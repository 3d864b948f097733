import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status as Status } from '@grpc/grpc-js';
import { decodeMessage, encodeMessage } from '../api/inference/grpc/schema/index.ts';
import { type FeedbackEntry, type FeedbackOutcome, parsePredictionKey, readPredictionId } from '../core/index.ts';
import { GatewayFixture, PREDICTION_KEY, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';

const same = (bytes: Buffer): Buffer => bytes;
const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** Bodies that are refused before control hears of them. */
const REFUSED: readonly (readonly [why: string, body: string | Buffer, words: RegExp])[] = [
  ['nothing', '', /not JSON/],
  ['no JSON', '{"prediction_id":', /not JSON/],
  ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
  ['a text', '"p"', /must be an object/],
  ['null', 'null', /must be an object/],
  ['no id', '{"reward":1}', /prediction_id is missing/],
  ['id that is no text', '{"prediction_id":7,"reward":1}', /prediction_id must be a string/],
  ['nothing said', '{"prediction_id":"p","comment":"x"}', /at least one of reward, label and correct/],
  ['all null', '{"prediction_id":"p","reward":null,"label":null}', /at least one of/],
  ['unknown field', '{"prediction_id":"p","reward":1,"rewrad":2}', /no field "rewrad"/],
  ['__proto__', '{"prediction_id":"p","reward":1,"__proto__":{"correct":true}}', /no field "__proto__"/],
  ['a field twice', '{"prediction_id":"p","reward":1,"reward":2}', /key 'reward' twice/],
  ['NaN', '{"prediction_id":"p","reward":NaN}', /not JSON/],
  ['infinity', '{"prediction_id":"p","reward":1e999}', /reward must be a number/],
  ['reward as text', '{"prediction_id":"p","reward":"1"}', /reward must be a number.*"1"/],
  ['correct as number', '{"prediction_id":"p","correct":1}', /correct must be true or false, not 1/],
  ['label as object', '{"prediction_id":"p","label":{"a":1}}', /label must be a text/],
  ['label with an array inside', '{"prediction_id":"p","label":[["a"]]}', /label\[0\] must be a text/],
  ['label beyond 2^53', '{"prediction_id":"p","label":9007199254740993}', /write it as text/],
  ['label of many', JSON.stringify({ prediction_id: 'p', label: Array(257).fill(1) }), /label has 257 entries/],
  ['label too long', JSON.stringify({ prediction_id: 'p', label: 'x'.repeat(1025) }), /label has 1025 bytes/],
  ['label deep', `{"prediction_id":"p","label":${deep(100_000)}}`, /label\[0\] must be/],
  ['deep', deep(100_000), /of 1|must be an object/],
  ['deep in an object', `{"prediction_id":"p","reward":1,"metadata":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`, /metadata\.a must be|nested/],
  ['comment too long', JSON.stringify({ prediction_id: 'p', reward: 1, comment: '模'.repeat(342) }), /comment has 1026 bytes/],
  ['comment with NUL', '{"prediction_id":"p","reward":1,"comment":"a\\u0000b"}', /NUL/],
  ['half a surrogate', '{"prediction_id":"p","reward":1,"comment":"\\ud800"}', /surrogate/],
  ['metadata that is no object', '{"prediction_id":"p","reward":1,"metadata":[1]}', /metadata must be an object/],
  ['metadata nested', '{"prediction_id":"p","reward":1,"metadata":{"a":{"b":1}}}', /metadata\.a must be/],
  ['metadata __proto__', '{"prediction_id":"p","reward":1,"metadata":{"__proto__":1}}', /metadata has the name "__proto__"/],
  ['metadata of many', JSON.stringify({ prediction_id: 'p', reward: 1, metadata: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, 1])) }), /metadata has 33 entries/],
  ['metadata too long', JSON.stringify({ prediction_id: 'p', reward: 1, metadata: Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`k${index}`, 'x'.repeat(1000)])) }), /metadata has \d+ bytes/],
  ['key with spaces', '{"prediction_id":"p","reward":1,"id":"a b"}', /id must be/],
  ['a list that is too long', JSON.stringify(Array(1001).fill({ prediction_id: 'p', reward: 1 })), /has 1001 entries, more than 1000/],
];

describe('feedback at the gateway', () => {
  let gateway: GatewayFixture;
  let client: Client;
  let sent: FeedbackEntry[][] = [];
  let failure: { status: number; body: object } | null = null;
  const outcomeOf = ({ predictionId }: FeedbackEntry): FeedbackOutcome =>
    predictionId === 'late' ? { predictionId, outcome: 'refused', code: 'FEEDBACK_TOO_LATE', error: 'too old' }
    : predictionId === 'twice' ? { predictionId, outcome: 'refused', code: 'FEEDBACK_DUPLICATE', error: 'other' }
    : predictionId === 'gone' ? { predictionId, outcome: 'refused', code: 'FEEDBACK_UNKNOWN', error: 'unknown' }
    : { predictionId, outcome: predictionId === 'again' ? 'duplicate' : 'accepted', service: 'm', version: 'v1' };

  before(async () => {
    gateway = await GatewayFixture.start({ limits: { bodyBytesMax: 8 * 2 ** 20, headerBytesMax: 16_384, connectionsMax: 100, requestReceiveTimeoutMs: 5000, keepAliveTimeoutMs: 5000 } });
    client = new Client(gateway.grpcAddress, credentials.createInsecure());
    const [a, b] = [await gateway.worker('a', 2), await gateway.worker('b', 3)];
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [a.route], { predictionSource: 11 }), versionRoute('v2', [b.route], { predictionSource: 0xabcde })], { weights: { v1: 50, v2: 50 } }));
  });
  after(async () => {
    client.close();
    await gateway.close();
  });
  beforeEach(() => {
    sent = [];
    failure = null;
  });

  const post = async (body: unknown): Promise<{ status: number; headers: Headers; body: any }> => {
    const response = await fetch(`${gateway.url}/v2/feedback`, { method: 'POST', body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body) });
    return { status: response.status, headers: response.headers, body: await response.json() };
  };
  const grpc = (method: string, request: string, response: string, value: object, metadata = new Metadata()): Promise<any> =>
    new Promise((resolve, reject) => client.makeUnaryRequest(`/lepton.v1.Feedback/${method}`, same, same, encodeMessage(`lepton.v1.${request}`, value), metadata, {}, (error, bytes) => (error ? reject(error) : resolve(decodeMessage(`lepton.v1.${response}`, bytes as Buffer)))));
  const send = (value: object): Promise<any> => grpc('Send', 'FeedbackEntry', 'FeedbackReceipt', value);

  test('without control nothing is acknowledged, and what is wrong is said all the same', async () => {
    for (const body of [{ prediction_id: 'p', reward: 1 }, [{ prediction_id: 'p', reward: 1 }]]) {
      const { status, headers, body: { code } } = await post(body);
      assert.deepEqual([status, code, headers.get('retry-after')], [503, 'CONTROL_UNAVAILABLE', '1']);
    }
    await assert.rejects(send({ prediction_id: 'p', reward: 1 }), (error: ServiceError) => error.code === Status.UNAVAILABLE && error.metadata.get('lepton-code')[0] === 'CONTROL_UNAVAILABLE');
    assert.equal((await post({ reward: 1 })).status, 400);
    assert.deepEqual((await post([])).body, { results: [], accepted: 0, duplicates: 0, refused: 0 });
  });

  test('ids of answers say which version answered', async () => {
    await gateway.upstream((request, response) => {
      let text = '';
      request.on('data', (chunk) => (text += chunk));
      request.on('end', () => {
        const { entries } = JSON.parse(text) as { entries: FeedbackEntry[] };
        sent.push(entries);
        response.writeHead(failure?.status ?? 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify(failure?.body ?? { outcomes: entries.map(outcomeOf) }));
      });
    });
    const seen = new Set<string>();
    for (let index = 0; index < 40; index++) {
      const { headers, body } = await gateway.infer('m');
      const id = headers.get('lepton-prediction-id') ?? '';
      assert.equal(body.parameters['lepton-prediction-id'], id);
      const facts = readPredictionId(parsePredictionKey(PREDICTION_KEY), id);
      assert.equal(facts?.source, headers.get('lepton-version') === 'v1' ? 11 : 0xabcde);
      assert.ok(Math.abs((facts?.atMs ?? 0) - Date.now()) < 5_000);
      seen.add(id);
    }
    assert.equal(seen.size, 40);
  });

  test('one entry goes on with all that it says; its outcome is the answer’s', async () => {
    const whole = { prediction_id: 'p', reward: -1.5, label: ['cat', 2, true], correct: false, comment: '好 "x"', metadata: { 'a.b': null, n: 1 }, id: 'k-1' };
    assert.deepEqual((await post(whole)).body, { prediction_id: 'p', duplicate: false, service: 'm', version: 'v1' });
    assert.deepEqual(sent, [[{ predictionId: 'p', reward: -1.5, label: ['cat', 2, true], correct: false, comment: '好 "x"', metadata: { 'a.b': null, n: 1 }, key: 'k-1' }]]);
    assert.deepEqual((await post({ prediction_id: 'again', reward: 1 })).body.duplicate, true);
    for (const [id, status, code] of [['gone', 404, 'FEEDBACK_UNKNOWN'], ['twice', 409, 'FEEDBACK_DUPLICATE'], ['late', 410, 'FEEDBACK_TOO_LATE']] as const) {
      const answer = await post({ prediction_id: id, reward: 1 });
      assert.deepEqual([answer.status, answer.body.code], [status, code]);
    }
    assert.deepEqual((await post({ prediction_id: 'p', label: 9007199254740991 })).status, 200);
    assert.deepEqual((await post({ prediction_id: 'p', reward: 0, label: '' })).status, 200);
  });

  test('each entry of a list has a result of its own', async () => {
    const { status, body } = await post([{ prediction_id: 'p', reward: 1 }, { reward: 1 }, { prediction_id: 'late', correct: true }, 7, { prediction_id: 'again', label: 'x' }, { prediction_id: 'q', reward: 'x' }, { prediction_id: 'gone', reward: 1 }, { prediction_id: 'r', correct: false }]);
    assert.equal(status, 200);
    assert.deepEqual(body.results.map((result: any) => [result.prediction_id, result.status, result.code ?? result.version]), [
      ['p', 200, 'v1'], ['', 400, 'INVALID_ARGUMENT'], ['late', 410, 'FEEDBACK_TOO_LATE'], ['', 400, 'INVALID_ARGUMENT'], ['again', 200, 'v1'], ['q', 400, 'INVALID_ARGUMENT'], ['gone', 404, 'FEEDBACK_UNKNOWN'], ['r', 200, 'v1'],
    ]);
    assert.deepEqual([body.accepted, body.duplicates, body.refused], [2, 1, 5]);
    assert.deepEqual(sent.map((entries) => entries.map(({ predictionId }) => predictionId)), [['p', 'late', 'again', 'gone', 'r']]);
  });

  for (const [why, body, words] of REFUSED) {
    test(`refuses ${why}`, async () => {
      const answer = await post(body);
      // A list of wrong things is a list of refusals.
      const refusal = answer.body.results ? answer.body.results[0] : answer.body;
      assert.deepEqual([refusal.code, answer.body.results ? refusal.status : answer.status], ['INVALID_ARGUMENT', 400], JSON.stringify(answer.body).slice(0, 300));
      assert.match(refusal.error, words);
      assert.deepEqual(sent, []);
    });
  }

  test('refuses bodies that are too large, other methods and paths', async () => {
    const large = await post(`[${Array(5).fill(JSON.stringify({ prediction_id: 'p', reward: 1, comment: 'x'.repeat(1_000_000) })).join(',')}]`);
    assert.deepEqual([large.status, large.body.code], [413, 'TOO_LARGE']);
    const got = await fetch(`${gateway.url}/v2/feedback`);
    assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST']);
    assert.equal((await fetch(`${gateway.url}/v2/feedback/x`, { method: 'POST', body: '{}' })).status, 404);
    assert.equal((await fetch(`${gateway.url}/internal/feedback`, { method: 'POST', body: '{}' })).status, 404);
  });

  test('a thousand of the largest entries fit through', async () => {
    const entry = { reward: 1, comment: '\u0001'.repeat(500), metadata: { a: 'x'.repeat(500) } };
    const { status, body } = await post(Array.from({ length: 1000 }, (_, index) => ({ ...entry, prediction_id: `p${index}` })));
    assert.deepEqual([status, body.accepted], [200, 1000]);
  });

  test('a database that is away is no acknowledgement', async () => {
    failure = { status: 503, body: { code: 'DATABASE_UNAVAILABLE', error: 'away' } };
    const { status, body } = await post([{ prediction_id: 'p', reward: 1 }]);
    assert.deepEqual([status, body.code], [503, 'DATABASE_UNAVAILABLE']);
  });

  test('over gRPC, one by one', async () => {
    const entry = { prediction_id: 'p', reward: 0, label: { list: { values: [{ text: 'cat' }, { number: 2 }, { boolean: false }] } }, correct: false, comment: 'c', metadata: { a: { number: 1.5 }, b: {} }, id: 'k' };
    assert.deepEqual(await send(entry), { prediction_id: 'p', duplicate: false, service: 'm', version: 'v1' });
    assert.deepEqual(sent, [[{ predictionId: 'p', reward: 0, label: ['cat', 2, false], correct: false, comment: 'c', metadata: { a: 1.5, b: null }, key: 'k' }]]);
    assert.equal((await send({ prediction_id: 'again', label: { text: 'x' } })).duplicate, true);
    for (const [value, status, code] of [
      [{ prediction_id: 'gone', reward: 1 }, Status.NOT_FOUND, 'FEEDBACK_UNKNOWN'], [{ prediction_id: 'twice', reward: 1 }, Status.ALREADY_EXISTS, 'FEEDBACK_DUPLICATE'],
      [{ prediction_id: 'late', reward: 1 }, Status.FAILED_PRECONDITION, 'FEEDBACK_TOO_LATE'], [{ prediction_id: 'p' }, Status.INVALID_ARGUMENT, 'INVALID_ARGUMENT'], [{}, Status.INVALID_ARGUMENT, 'INVALID_ARGUMENT'],
      [{ prediction_id: 'p', reward: Number.NaN }, Status.INVALID_ARGUMENT, 'INVALID_ARGUMENT'], [{ prediction_id: 'p', label: { number: Number.POSITIVE_INFINITY } }, Status.INVALID_ARGUMENT, 'INVALID_ARGUMENT'],
    ] as const) await assert.rejects(send(value), (error: ServiceError) => error.code === status && error.metadata.get('lepton-code')[0] === code);
  });

  test('over gRPC, many at once', async () => {
    const answer = await grpc('SendBatch', 'FeedbackBatch', 'FeedbackResults', { entries: [{ prediction_id: 'p', correct: true }, { prediction_id: 'late', reward: 1 }, { prediction_id: 'again', reward: 1 }, {}] });
    assert.deepEqual(answer.results.map((result: any) => [result.prediction_id, result.status, result.code, result.duplicate]), [['p', 0, '', false], ['late', Status.FAILED_PRECONDITION, 'FEEDBACK_TOO_LATE', false], ['again', 0, '', true], ['', Status.INVALID_ARGUMENT, 'INVALID_ARGUMENT', false]]);
    assert.deepEqual([answer.accepted, answer.duplicates, answer.refused], [1, 1, 2]);
    await assert.rejects(grpc('SendBatch', 'FeedbackBatch', 'FeedbackResults', { entries: Array(1001).fill({ prediction_id: 'p', reward: 1 }) }), (error: ServiceError) => error.code === Status.INVALID_ARGUMENT);
  });

  test('over gRPC, a refusal has the request id that it was sent with, else one of its own', async () => {
    const idOf = async (metadata: Metadata): Promise<unknown> => {
      const error: ServiceError = await grpc('Send', 'FeedbackEntry', 'FeedbackReceipt', {}, metadata).then(() => assert.fail('it was taken'), (refusal) => refusal);
      return error.metadata.get('x-request-id')[0];
    };
    const metadata = new Metadata();
    metadata.set('x-request-id', 'mine-1');
    assert.equal(await idOf(metadata), 'mine-1');
    assert.match(String(await idOf(new Metadata())), /^[0-9a-f-]{36}$/);
  });
});
