import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePlainHead } from './plain-head.ts';

const head = (...lines: string[]): string => lines.join('\r\n');
const HOST = 'Host: localhost:8080';

describe('a plain head', () => {
  it('is read as it stands', () => {
    const read = parsePlainHead(head('POST /v2/models/m%20x/infer?a=1?b HTTP/1.1', HOST, 'Content-Length:  12 ', 'X-Empty:', 'Connection: Keep-Alive'));
    assert.ok(read);
    assert.deepEqual([read.method, read.path, read.query, read.contentLength], ['POST', '/v2/models/m%20x/infer', 'a=1?b', 12]);
    assert.deepEqual([...read.headers], [['host', 'localhost:8080'], ['content-length', '12'], ['x-empty', ''], ['connection', 'Keep-Alive']]);
  });
  it('may have no body', () => assert.equal(parsePlainHead(head('GET / HTTP/1.1', HOST))?.contentLength, 0));

  const notPlain: Readonly<Record<string, string>> = {
    'HTTP/1.0': head('GET / HTTP/1.0', HOST),
    'another method': head('PUT /v2 HTTP/1.1', HOST),
    'a method in small letters': head('post /v2 HTTP/1.1', HOST),
    'two spaces': head('GET  /v2 HTTP/1.1', HOST),
    'an absolute target': head('GET http://localhost/v2 HTTP/1.1', HOST),
    'a fragment': head('GET /v2#x HTTP/1.1', HOST),
    'no host': head('GET /v2 HTTP/1.1', 'Accept: */*'),
    'an empty host': head('GET /v2 HTTP/1.1', 'Host: '),
    'two hosts': head('GET /v2 HTTP/1.1', HOST, HOST),
    'two equal lengths': head('POST /v2 HTTP/1.1', HOST, 'Content-Length: 5', 'content-length: 5'),
    'a list of lengths': head('POST /v2 HTTP/1.1', HOST, 'Content-Length: 5, 5'),
    'a signed length': head('POST /v2 HTTP/1.1', HOST, 'Content-Length: +5'),
    'a hexadecimal length': head('POST /v2 HTTP/1.1', HOST, 'Content-Length: 0x5'),
    'an empty length': head('POST /v2 HTTP/1.1', HOST, 'Content-Length:'),
    'a length of 16 digits': head('POST /v2 HTTP/1.1', HOST, 'Content-Length: 1234567890123456'),
    'a body on GET': head('GET /v2 HTTP/1.1', HOST, 'Content-Length: 5'),
    'transfer-encoding': head('POST /v2 HTTP/1.1', HOST, 'Transfer-Encoding: chunked'),
    'transfer-encoding and a length': head('POST /v2 HTTP/1.1', HOST, 'Content-Length: 5', 'Transfer-Encoding: identity'),
    'a space before the colon': head('POST /v2 HTTP/1.1', HOST, 'Content-Length : 5'),
    'a folded line': head('POST /v2 HTTP/1.1', HOST, 'X-A: b', ' c'),
    'a line feed alone': head('GET /v2 HTTP/1.1', `${HOST}\nContent-Length: 5`),
    'a carriage return alone': head('GET /v2 HTTP/1.1', `${HOST}\rX: y`),
    'a zero byte': head('GET /v2 HTTP/1.1', `${HOST}\0`),
    'bytes beyond ASCII': head('GET /v2 HTTP/1.1', HOST, 'X-A: \xe4'),
    'a field without a name': head('GET /v2 HTTP/1.1', HOST, ': x'),
    'a line without a colon': head('GET /v2 HTTP/1.1', HOST, 'x'),
    'a field name with a space': head('GET /v2 HTTP/1.1', HOST, 'x y: z'),
    expect: head('POST /v2 HTTP/1.1', HOST, 'Expect: 100-continue', 'Content-Length: 5'),
    upgrade: head('GET /v2 HTTP/1.1', HOST, 'Upgrade: h2c', 'Connection: upgrade'),
    'connection: close': head('GET /v2 HTTP/1.1', HOST, 'Connection: close'),
    nothing: '',
  };
  for (const [what, text] of Object.entries(notPlain)) it(`is not ${what}`, () => assert.equal(parsePlainHead(text), null));
});
