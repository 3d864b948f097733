/** Where one request ends and the next begins is never in doubt: no request is smuggled in another. */
import { after, before, describe, test } from 'node:test';
import { chunked, inferJson, request } from './support/requests.ts';
import { Serving } from './support/serving.ts';
import { HIDDEN, testWireCases } from './support/wire-case.ts';

let serving: Serving;
before(async () => {
  serving = await Serving.start();
});
after(() => serving.close());

const JSON_BODY = inferJson(7);
/** A POST to infer whose framing headers and body are the case's. */
const post = (headers: string, body = JSON_BODY, version = 'HTTP/1.1'): string => `POST /v2/models/add_sub/infer ${version}\r\nhost: localhost\r\n${headers}\r\n${body}`;
const length = (text: string | number): string => `content-length: ${text}\r\n`;
const N = JSON_BODY.length;

describe('content-length', () => {
  const wrong = ['+N', '-N', '-0', '0xN', 'N,N', 'N, N', 'N N', 'N;', 'N.0', 'Ne0', '"N"', 'N\x00', '\x0bN', 'ten', '', ' ', ',', '٣', '18446744073709551616', '99999999999999999999', '184467440737095516160'];
  testWireCases(() => serving, wrong.map((form) => ({ name: `content-length ${JSON.stringify(form)}`, bytes: post(length(Buffer.from(form.replaceAll('N', String(N))).toString('latin1'))), outcome: 'closed' as const })));
  testWireCases(() => serving, [
    { name: 'white space around it', bytes: post(`content-length: \t ${N} \t\r\n`), outcome: 'either' },
    { name: 'leading zeros mean the same number or nothing', bytes: post(length(`000${N}`)), outcome: 'either' },
    { name: 'beyond what any body may have', bytes: post(length('9223372036854775807')), outcome: 'closed', status: [400, 413] },
    { name: 'over the limit, a request hidden at its start', bytes: post(length(2_000_000), HIDDEN), outcome: 'closed', status: [413] },
    { name: 'twice the same', bytes: post(length(N) + length(N)), outcome: 'closed' },
    { name: 'twice, different', bytes: post(length(N) + length(0), HIDDEN), outcome: 'closed' },
    { name: 'twice, different, the larger last', bytes: post(length(0) + length(HIDDEN.length), HIDDEN), outcome: 'closed' },
    { name: 'twice, in different case', bytes: post(`Content-Length: ${N}\r\nCONTENT-LENGTH: ${N + 1}\r\n`), outcome: 'closed' },
    { name: 'a space before the colon', bytes: post(`content-length : ${N}\r\n`), outcome: 'closed' },
    { name: 'folded onto the next line', bytes: post(`content-length:\r\n ${N}\r\n`), outcome: 'closed' },
    { name: 'an underscore for the hyphen is another header: the body is not one', bytes: post(`content_length: ${HIDDEN.length}\r\n`, ''), outcome: 'open' },
  ]);
});

describe('content-length and transfer-encoding', () => {
  const both = [`${length(N)}transfer-encoding: chunked\r\n`, `transfer-encoding: chunked\r\n${length(N)}`, `${length(0)}transfer-encoding: chunked\r\n`, `Transfer-Encoding: Chunked\r\n${length(5)}`];
  testWireCases(() => serving, both.flatMap((headers) => [
    { name: `${JSON.stringify(headers)}, chunks`, bytes: post(headers, chunked(JSON_BODY)), outcome: 'closed' as const },
    { name: `${JSON.stringify(headers)}, end of chunks and a hidden request`, bytes: post(headers, `0\r\n\r\n${HIDDEN}`), outcome: 'closed' as const },
  ]));
});

describe('transfer-encoding', () => {
  const wrong = [
    'transfer-encoding: chunked, identity', 'transfer-encoding: identity', 'transfer-encoding: xchunked', 'transfer-encoding: chunkedx', 'transfer-encoding: chunked, chunked', 'transfer-encoding: chunked, gzip',
    'transfer-encoding : chunked', ' transfer-encoding: chunked', 'transfer-encoding\t: chunked', 'transfer-encoding:\x0bchunked', 'transfer-encoding: chunked\x0b', 'transfer-encoding: "chunked"', "transfer-encoding: 'chunked'", 'transfer-encoding: \x00chunked',
    'transfer-encoding:\r\n chunked', 'x: y\r\n transfer-encoding: chunked', 'transfer-encoding: chunked\r\ntransfer-encoding: identity', 'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
    'transfer-encoding: chunked;q=1', 'transfer-encoding: cow', 'transfer-encoding:', 'transfer-encoding: \xffchunked', 'transfer-encoding: chun\x00ked', 'transfer-encoding: ch\xfcnked',
  ];
  testWireCases(() => serving, wrong.map((header) => ({ name: JSON.stringify(header), bytes: post(`${header}\r\n`, `0\r\n\r\n${HIDDEN}`), outcome: 'closed' as const, status: [400, 501] })));
  testWireCases(() => serving, [
    { name: 'chunked', bytes: post('transfer-encoding: chunked\r\n', chunked(JSON_BODY)), outcome: 'answered' },
    { name: 'in capitals, behind a tab', bytes: post('TRANSFER-ENCODING:\tCHUNKED\r\n', chunked(JSON_BODY)), outcome: 'either' },
    { name: 'identity before chunked', bytes: post('transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n', chunked(JSON_BODY)), outcome: 'either', status: [400, 501] },
    { name: 'another coding before chunked', bytes: post('transfer-encoding: gzip, chunked\r\n', chunked(JSON_BODY)), outcome: 'either', status: [400, 415, 501] },
    { name: 'in HTTP/1.0, where nobody knows it', bytes: post('connection: keep-alive\r\ntransfer-encoding: chunked\r\n', chunked(JSON_BODY), 'HTTP/1.0'), outcome: 'either' },
  ]);
});

describe('bodies where none is expected', () => {
  for (const [method, status] of [['GET', 405], ['DELETE', 405], ['OPTIONS', 405], ['PUT', 405], ['PATCH', 405], ['TRACE', 405]] as const) {
    testWireCases(() => serving, [{ name: `${method} infer with a body that looks like a request`, bytes: request({ method, body: HIDDEN }), outcome: 'refused', status: [status, 400] }]);
  }
  testWireCases(() => serving, [
    { name: 'GET health with a body', bytes: request({ method: 'GET', target: '/v2/health/live', body: HIDDEN }), outcome: 'either' },
    { name: 'GET health with a chunked body', bytes: `${request({ method: 'GET', target: '/v2/health/live', headers: { 'transfer-encoding': 'chunked' } }).toString()}${chunked(HIDDEN)}`, outcome: 'either' },
    { name: 'HEAD with a body', bytes: request({ method: 'HEAD', target: '/v2/health/live', body: HIDDEN }), outcome: 'either', status: [405], method: 'HEAD' },
    { name: 'an unknown path with a body', bytes: request({ target: '/v2/nothing', body: HIDDEN }), outcome: 'refused', status: [404] },
    { name: 'a body that is a request instead of JSON', bytes: request({ body: HIDDEN }), outcome: 'open' },
    { name: 'a binary section that is a request', bytes: request({ headers: { 'inference-header-content-length': 2 }, body: `{}${HIDDEN}` }), outcome: 'open' },
    { name: 'management, with a body that is a request', bytes: request({ target: '/api/v1/nothing', body: HIDDEN }), outcome: 'refused', status: [404] },
    { name: 'no length at all: what follows is the next request', bytes: request({}), outcome: 'open' },
  ]);

  test('a body without a length is refused as the next request, after the answer to the first', async () => {
    const client = await serving.open();
    const [first, second, ...more] = await client.send(request({})).send('{"inputs":[]}\r\n\r\n').ended();
    if (first?.status !== 400 || second?.status !== 400 || more.length) throw new Error(`${[first, second, ...more].map((answer) => answer?.status).join(' ')}`);
    await serving.control();
  });
});

test('other clients noticed nothing', () => serving.unharmed());
