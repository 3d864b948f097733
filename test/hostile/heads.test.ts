/** Request lines and header fields that are not HTTP/1.1, or only nearly: refused with a reason, and never half understood. */
import { after, before, describe, test } from 'node:test';
import { inferJson, LIVE, request } from './support/requests.ts';
import { Serving } from './support/serving.ts';
import { testWireCases, type WireCase } from './support/wire-case.ts';

let serving: Serving;
before(async () => {
  serving = await Serving.start();
});
after(() => serving.close());

const HOST = 'host: localhost\r\n';
const live = (fields: string): string => `GET /v2/health/live HTTP/1.1\r\n${fields}\r\n`;
const line = (text: string, end = '\r\n'): string => `${text}${end}${HOST}\r\n`;

const BODY = inferJson(3);
/** The malformed field in a head that only node:http reads, and in one of the plain form that most clients send. */
const twice = (name: string, field: string, outcome: WireCase['outcome'] = 'closed'): WireCase[] => [
  { name: `GET: ${name}`, bytes: live(`${HOST}${field}`), outcome },
  { name: `POST: ${name}`, bytes: `POST /v2/models/add_sub/infer HTTP/1.1\r\n${HOST}content-length: ${BODY.length}\r\n${field}\r\n${BODY}`, outcome },
];

describe('header fields', () => {
  testWireCases(() => serving, [
    ...twice('folded', 'x-a: b\r\n c\r\n'),
    ...twice('folded with a tab', 'x-a: b\r\n\tc\r\n'),
    ...twice('a bare CR inside', 'x-a: b\rx-c: d\r\n'),
    ...twice('a bare CR as line end', 'x-a: b\rcontent-length: 5\r\n'),
    ...twice('a bare LF as line end', 'x-a: b\nx-c: d\r\n'),
    ...twice('a bare LF before a length', 'x-a: b\ncontent-length: 5\r\n'),
    ...twice('NUL in a value', 'x-a: b\0c\r\n'),
    ...twice('NUL in a name', 'x\0a: b\r\n'),
    ...twice('another control character in a value', 'x-a: b\x01c\r\n'),
    ...twice('DEL in a value', 'x-a: b\x7fc\r\n'),
    ...twice('a space in a name', 'x a: b\r\n'),
    ...twice('a space before the colon', 'x-a : b\r\n'),
    ...twice('parentheses in a name', 'x(a): b\r\n'),
    ...twice('a slash in a name', 'x/a: b\r\n'),
    ...twice('a name beyond ASCII', 'x-\xe4: b\r\n'),
    ...twice('no name', ': b\r\n'),
    ...twice('no colon', 'x-a\r\n'),
    ...twice('an empty line with a space', ' \r\n'),
    ...twice('CR CR LF', 'x-a: b\r\r\n'),
    ...twice('a tab in a value', 'x-a:\tb\tc\t\r\n', 'answered'),
    ...twice('an empty value', 'x-a:\r\n', 'answered'),
    ...twice('a value beyond ASCII', 'x-a: \xe4\xc3\xa4\r\n', 'either'),
    ...twice('every character that a name may have', "!#$%&'*+-.^_`|~09azAZ: b\r\n", 'answered'),
    ...twice('a repeated field', 'x-a: b\r\nx-a: c\r\n', 'answered'),
    ...twice('names of prototypes', '__proto__: b\r\nconstructor: c\r\ntoString: d\r\nhasOwnProperty: e\r\n', 'answered'),
    ...twice('an unknown transfer parameter', 'te: trailers, deflate;q=0.5\r\n', 'answered'),
    { name: 'a space before the first field', bytes: live(` ${HOST}`), outcome: 'closed' },
    { name: 'only line feeds', bytes: 'GET /v2/health/live HTTP/1.1\nhost: localhost\n\n', outcome: 'closed' },
    { name: 'a bare LF that ends the head', bytes: 'GET /v2/health/live HTTP/1.1\r\nhost: localhost\r\n\n', outcome: 'closed' },
    { name: 'a bare CR that ends the request line', bytes: 'GET /v2/health/live HTTP/1.1\rhost: localhost\r\n\r\n', outcome: 'closed' },
  ]);
});

describe('the host', () => {
  const hosts: readonly [string, string][] = [['none', ''], ['empty', 'host:\r\n'], ['two, equal', HOST + HOST], ['two, different', `${HOST}host: evil.example\r\n`], ['two, in different case', `Host: localhost\r\nHOST: localhost\r\n`], ['a foreign one', 'host: evil.example\r\n'], ['a list', 'host: localhost, localhost\r\n'], ['a path', 'host: localhost/x\r\n'], ['white space inside', 'host: local host\r\n'], ['a user', 'host: user@localhost\r\n']];
  testWireCases(() => serving, hosts.flatMap(([name, fields]): WireCase[] => [
    { name: `GET: ${name}`, bytes: live(fields), outcome: 'refused' },
    { name: `POST: ${name}`, bytes: `POST /v2/models/add_sub/infer HTTP/1.1\r\n${fields}content-length: ${BODY.length}\r\n\r\n${BODY}`, outcome: 'refused' },
  ]));
  testWireCases(() => serving, [
    { name: 'HTTP/1.0 needs none', bytes: 'GET /v2/health/live HTTP/1.0\r\n\r\n', outcome: 'last' },
    { name: 'an absolute target of this host', bytes: line('GET http://localhost/v2/health/live HTTP/1.1'), outcome: 'answered' },
    { name: 'an absolute target of another host', bytes: line('GET http://evil.example/v2/health/live HTTP/1.1'), outcome: 'refused' },
    { name: 'an absolute target of another host, in capitals', bytes: line('GET HTTP://EVIL.EXAMPLE/v2/health/live HTTP/1.1'), outcome: 'refused' },
    { name: 'an absolute target with a user', bytes: line('GET http://localhost@evil.example/v2/health/live HTTP/1.1'), outcome: 'refused' },
  ]);
});

describe('request lines', () => {
  testWireCases(() => serving, [
    { name: 'authority-form', bytes: line('GET localhost:80 HTTP/1.1'), outcome: 'refused', status: [400, 404] },
    { name: 'CONNECT', bytes: line('CONNECT localhost:80 HTTP/1.1'), outcome: 'closed', status: [400, 405] },
    { name: 'CONNECT of a path', bytes: line('CONNECT /v2/health/live HTTP/1.1'), outcome: 'closed', status: [400, 405] },
    { name: '* for GET', bytes: line('GET * HTTP/1.1'), outcome: 'refused', status: [400, 404] },
    { name: '* for OPTIONS', bytes: line('OPTIONS * HTTP/1.1'), outcome: 'either', status: [400, 404, 405] },
    { name: 'a fragment', bytes: line('GET /v2/health/live#x HTTP/1.1'), outcome: 'refused', status: [400, 404] },
    { name: 'a target without slash', bytes: line('GET v2/health/live HTTP/1.1'), outcome: 'refused', status: [400, 404] },
    { name: 'an empty target', bytes: line('GET  HTTP/1.1'), outcome: 'refused', status: [400, 404] },
    { name: 'another scheme', bytes: line('GET file:///etc/passwd HTTP/1.1'), outcome: 'refused', status: [400, 404] },
    { name: 'a space in the target', bytes: line('GET /v2/health/live x HTTP/1.1'), outcome: 'closed' },
    { name: 'two spaces before the target', bytes: line('GET  /v2/health/live HTTP/1.1'), outcome: 'either' },
    { name: 'two spaces behind the target', bytes: line('GET /v2/health/live  HTTP/1.1'), outcome: 'either' },
    { name: 'tabs for spaces', bytes: line('GET\t/v2/health/live\tHTTP/1.1'), outcome: 'closed' },
    { name: 'a space in front', bytes: line(' GET /v2/health/live HTTP/1.1'), outcome: 'closed' },
    { name: 'empty lines in front', bytes: `\r\n\r\n${LIVE.toString()}`, outcome: 'either' },
    { name: 'bytes beyond ASCII in the target', bytes: line('GET /v2/health/liv\xe9 HTTP/1.1'), outcome: 'refused', status: [400, 404] },
    { name: 'NUL in the target', bytes: line('GET /v2/health/live\0 HTTP/1.1'), outcome: 'closed' },
    { name: 'a bare CR in the target', bytes: line('GET /v2/health\r/live HTTP/1.1'), outcome: 'closed' },
    { name: 'a bare LF in the target', bytes: line('GET /v2/health\n/live HTTP/1.1'), outcome: 'closed' },
    { name: 'a target over the limit', bytes: line(`GET /v2/${'a'.repeat(20_000)} HTTP/1.1`), outcome: 'closed', status: [400, 414, 431] },
    { name: 'a lower-case method', bytes: line('get /v2/health/live HTTP/1.1'), outcome: 'closed', status: [400, 405, 501] },
    { name: 'an unknown method', bytes: line('FROB /v2/health/live HTTP/1.1'), outcome: 'closed', status: [400, 405, 501] },
    { name: 'a method of 10,000 letters', bytes: line(`${'A'.repeat(10_000)} /v2/health/live HTTP/1.1`), outcome: 'closed', status: [400, 405, 431, 501] },
    { name: 'a method with a colon', bytes: line('GE:T /v2/health/live HTTP/1.1'), outcome: 'closed' },
    { name: 'HTTP/0.9', bytes: 'GET /v2/health/live\r\n\r\n', outcome: 'refused' },
    { name: 'HTTP/0.9 by its name', bytes: line('GET /v2/health/live HTTP/0.9'), outcome: 'closed', status: [400, 505] },
    { name: 'HTTP/1.2', bytes: line('GET /v2/health/live HTTP/1.2'), outcome: 'either', status: [400, 505] },
    { name: 'HTTP/2.0', bytes: line('GET /v2/health/live HTTP/2.0'), outcome: 'closed', status: [400, 505] },
    { name: 'HTTP/11', bytes: line('GET /v2/health/live HTTP/11'), outcome: 'closed', status: [400, 505] },
    { name: 'HTTP/1.10', bytes: line('GET /v2/health/live HTTP/1.10'), outcome: 'closed', status: [400, 505] },
    { name: 'HTTP/01.1', bytes: line('GET /v2/health/live HTTP/01.1'), outcome: 'closed', status: [400, 505] },
    { name: 'HTTP/+1.1', bytes: line('GET /v2/health/live HTTP/+1.1'), outcome: 'closed', status: [400, 505] },
    { name: 'HTTP/1.1 with a letter behind', bytes: line('GET /v2/health/live HTTP/1.1x'), outcome: 'closed', status: [400, 505] },
    { name: 'http/1.1', bytes: line('GET /v2/health/live http/1.1'), outcome: 'closed', status: [400, 505] },
    { name: 'another protocol', bytes: line('GET /v2/health/live ICE/1.0'), outcome: 'closed', status: [400, 505] },
    { name: 'RTSP', bytes: line('DESCRIBE /v2/health/live RTSP/1.0'), outcome: 'closed', status: [400, 405, 501, 505] },
    { name: 'the preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', outcome: 'closed', status: [400, 505] },
    { name: 'the preface of HTTP/2 and frames', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x0c\x04\0\0\0\0\0\0\x03\0\0\0\x64\0\x04\0\x10\0\0', outcome: 'closed', status: [400, 505] },
    { name: 'a TLS client', bytes: Buffer.from('160301020001000001fc0303', 'hex'), outcome: 'closed' },
    { name: 'an answer instead of a request', bytes: 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', outcome: 'closed' },
    { name: 'a JSON document', bytes: '{"inputs": []}\r\n\r\n', outcome: 'closed' },
    { name: 'zeros', bytes: Buffer.alloc(100), outcome: 'closed' },
  ]);
});

describe('what asks for another protocol or for patience', () => {
  testWireCases(() => serving, [
    { name: 'an upgrade to a websocket', bytes: live(`${HOST}connection: upgrade\r\nupgrade: websocket\r\n`), outcome: 'either' },
    { name: 'an upgrade to HTTP/2, as curl --http2 asks', bytes: live(`${HOST}connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n`), outcome: 'either' },
    { name: 'an upgrade with a body', bytes: request({ headers: { connection: 'upgrade', upgrade: 'h2c' }, body: BODY }), outcome: 'either' },
    { name: 'an expectation that cannot be met', bytes: request({ headers: { expect: '200-maybe' }, body: BODY }), outcome: 'closed', status: [417] },
    { name: 'HEAD', bytes: request({ method: 'HEAD', target: '/v2/health/live' }), outcome: 'either', status: [405], method: 'HEAD' },
    { name: 'HEAD infer', bytes: request({ method: 'HEAD' }), outcome: 'open', status: [405], method: 'HEAD' },
  ]);
});

test('other clients noticed nothing', () => serving.unharmed());
