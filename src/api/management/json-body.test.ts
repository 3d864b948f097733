import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseJsonBody } from './json-body.ts';

describe('a JSON body', () => {
  it('is what it says', () => assert.deepEqual(parseJsonBody('{"a":[1,{"constructor":"x"}]}'), { a: [1, { constructor: 'x' }] }));
  it('is refused with the reason', () => {
    assert.throws(() => parseJsonBody(''), /needs a JSON body/);
    assert.throws(() => parseJsonBody('{bad'), /not valid JSON: .*position 1/);
    for (const text of ['{"__proto__":100}', '{"weights":{"__proto__":100}}', '[{"\\u005f_proto__":null}]']) assert.throws(() => parseJsonBody(text), /has the key "__proto__", which is not allowed/, text);
    assert.throws(() => parseJsonBody('{"constructor":{"prototype":1}}'), /has the key "constructor", which is not allowed/);
  });
  it('may be nested deeply', () => assert.ok(parseJsonBody('['.repeat(100_000) + ']'.repeat(100_000))));
});
