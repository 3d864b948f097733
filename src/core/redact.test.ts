import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRedactor, isSecretName } from './index.ts';

const redact = createRedactor();

describe('redaction', () => {
  const SECRETS: readonly [text: string, secret: string][] = [
    ['Authorization: Bearer abc123', 'abc123'],
    ['{"authorization":"Basic dXNlcjpwYXNz"}', 'dXNlcjpwYXNz'],
    ["headers={'Authorization': 'Bearer xyzxyz'}", 'xyzxyz'],
    ['sent bearer s3cr3t-t0ken to it', 's3cr3t-t0ken'],
    ['postgres://ada:hunter2@db/models failed', 'hunter2'],
    ['cloning https://0123456789abcdef0123@git.example/x', '0123456789abcdef0123'],
    ['GET /v1?x=1&api_key=AbC-9&y=2', 'AbC-9'],
    ['https://b.example/o?X-Amz-Signature=deadbeef', 'deadbeef'],
    ['password=hunter2', 'hunter2'],
    ['password: "hunter 2, or more"', 'or more'],
    ['{"db_password":"hunter2","a":1}', 'hunter2'],
    [String.raw`{\"password\":\"hunter2\"}`, 'hunter2'],
    ['PASSWD = hunter2;', 'hunter2'],
    ['OPENAI_API_KEY=abcdef', 'abcdef'],
    ['client-secret => abcdef', 'abcdef'],
    ['token: 8f7d', '8f7d'],
    ['id eyJhbGciOi.eyJzdWIi.sig here', 'eyJzdWIi'],
    ['key AKIAABCDEFGHIJKLMNOP used', 'AKIAABCDEFGHIJKLMNOP'],
    ['ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'ghp_'],
    ['-----BEGIN RSA PRIVATE KEY-----\\nMIIE\\n-----END RSA PRIVATE KEY-----', 'MIIE'],
    ['MIIEpAIBAAKCAQEAx0k5mZ9Q3v1r8G7cYkq2mB1uHn6wSgFJ0pTzLrVd4sXeOaWb', 'MIIE'],
  ];
  for (const [text, secret] of SECRETS) {
    it(`hides ${JSON.stringify(secret)} in ${JSON.stringify(text)}`, () => {
      const clean = redact(text);
      assert.ok(!clean.includes(secret), clean);
      assert.ok(clean.includes('[redacted]'), clean);
    });
  }

  for (const text of ['max_tokens=256, 3 tokens', 'tokenizer: bert', 'GET /v2/models/m/infer?x=1', 'http://127.0.0.1:8080/v2', 'loss=0.25 key point', 'Traceback (most recent call last):', 'passing=3 compass: north', 'input signature: [1,4]', 'key=3 of dict']) {
    it(`leaves ${JSON.stringify(text)}`, () => assert.equal(redact(text), text));
  }

  it('is the same the second time, and keeps what stands around', () => {
    const text = 'user=ada password=hunter2 host=db';
    assert.equal(redact(text), 'user=ada password=[redacted] host=db');
    assert.equal(redact(redact(text)), redact(text));
  });

  it('takes further patterns', () => assert.equal(createRedactor([/\bemp-\d+\b/gi])('of EMP-0042'), 'of [redacted]'));

  it('knows names of fields', () => {
    for (const name of ['password', 'DB_PASSWORD', 'x-api-key', 'authorization', 'accessToken', 'secret']) assert.ok(isSecretName(name), name);
    for (const name of ['tokens', 'message', 'keyboard', 'version']) assert.ok(!isSecretName(name), name);
  });

  it('takes no longer for hostile lines', () => {
    const parts = ['a.', 'a://', 'password', 'password=', '"\\', 'key', 'x-', 'bearer ', '-----BEGIN ', '?key', 'authorization: ', 'token_', 'eyJaaaaaaa.', 'a:b@'];
    for (const part of parts) {
      const text = part.repeat(Math.floor(8192 / part.length));
      const start = process.cpuUsage();
      redact(text);
      const { user, system } = process.cpuUsage(start);
      assert.ok(user + system < 1_000_000, `${JSON.stringify(part)}: ${(user + system) / 1000} ms`);
    }
  });
});
