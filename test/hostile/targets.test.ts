/** Paths, queries and names: what is not exactly a path of the protocol is a 4xx with a reason and leads nowhere else. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inferJson, MODEL, reasonOf, request } from './support/requests.ts';
import { Serving } from './support/serving.ts';
import { tryWireCase, type WireCase } from './support/wire-case.ts';

let serving: Serving;
before(async () => {
  serving = await Serving.start();
});
after(() => serving.close());

const BODY = inferJson(11);
const infer = (target: string): Buffer => request({ target, body: BODY });

describe('paths', () => {
  const cases: readonly (readonly [string, WireCase['outcome'], ...number[]])[] = [
    [`/v2/models/${MODEL}/infer?`, 'answered'],
    [`/v2/models/${MODEL}/infer?x=1&x=2`, 'answered'],
    [`/v2/models/${MODEL}/infer?/../../v2`, 'answered'],
    [`/v2/models/${MODEL}/infer?%zz%00`, 'answered'],
    [`/v2/models/${MODEL}/infer/`, 'either', 404],
    [`/v2/models/%61dd_sub/infer`, 'answered'],
    [`/v2/models/add%5Fsub/infer`, 'answered'],
    [`/v2/models/${MODEL}/versions/v1/infer`, 'answered'],
    [`/v2/models/${MODEL}/versions/%761/infer`, 'answered'],
    [`//v2/models/${MODEL}/infer`, 'open', 404],
    [`/v2//models/${MODEL}/infer`, 'open', 404],
    [`/v2/models//${MODEL}/infer`, 'open', 404],
    [`/v2/models/${MODEL}//infer`, 'open', 404],
    [`/v2/models/${MODEL}/infer//`, 'open', 404],
    [`/./v2/models/${MODEL}/infer`, 'open', 404],
    [`/v2/../v2/models/${MODEL}/infer`, 'open', 404],
    [`/v2/../api/v1/services`, 'open', 404],
    [`/v2/%2e%2e/api/v1/services`, 'open', 404],
    [`/v2/..%2fapi/v1/services`, 'open', 404],
    [`/v2\\models\\${MODEL}\\infer`, 'open', 404, 400],
    [`/V2/models/${MODEL}/infer`, 'open', 404],
    [`/v2/Models/${MODEL}/infer`, 'open', 404],
    [`/v2/models/${MODEL}/INFER`, 'open', 404],
    [`/v2/models/ADD_SUB/infer`, 'open', 404],
    [`/v2/models/${MODEL}/infer%20`, 'open', 404],
    [`/v2/models/${MODEL}%2finfer`, 'open', 404, 405],
    [`/v2/models/${MODEL}%00/infer`, 'open', 404, 400],
    [`/v2/models/${MODEL}%0d%0ax:y/infer`, 'open', 404, 400],
    [`/v2/models/%/infer`, 'open', 400],
    [`/v2/models/%f/infer`, 'open', 400],
    [`/v2/models/%zz/infer`, 'open', 400],
    [`/v2/models/%ff%fe/infer`, 'open', 400],
    [`/v2/models/%c0%ae%c0%ae/infer`, 'open', 400],
    [`/v2/models/%ed%a0%80/infer`, 'open', 400],
    [`/v2/models/${MODEL}/versions/%ff/infer`, 'open', 400],
    [`/v2/models/${MODEL}/versions//infer`, 'open', 404],
    [`/v2/models/${MODEL}/versions/v1/versions/v1/infer`, 'open', 404],
    [`/v2/models/${MODEL}/versions/9999999999999999999999/infer`, 'open', 404],
    [`/v2/models/${MODEL}/versions/-1/infer`, 'open', 404],
    [`/v2/models/%F0%9F%9A%80/infer`, 'open', 404],
    [`/v2/models/${encodeURIComponent('模型')}/infer`, 'open', 404],
    [`/v2/models/__proto__/infer`, 'open', 404],
    [`/v2/models/constructor/infer`, 'open', 404],
    [`/v2/models/hasOwnProperty/infer`, 'open', 404],
    [`/v2/models/${MODEL}/versions/__proto__/infer`, 'open', 404],
    [`/v2/models/..%2f..%2fetc%2fpasswd/infer`, 'open', 404],
    [`/v2/models/${'m'.repeat(10_000)}/infer`, 'open', 404, 400, 414],
    [`/v2/models/${'%41'.repeat(4_000)}/infer`, 'open', 404, 400, 414],
    [`/v2/${'a/'.repeat(5_000)}`, 'open', 404, 400, 414],
    ['/v2/models', 'open', 404, 405],
    ['/v2/models/', 'open', 404, 405],
    ['/v2/', 'open', 405, 404],
    ['/v2x', 'open', 404],
    ['/', 'open', 404, 405],
    ['//', 'open', 404],
    ['/../../../../etc/passwd', 'open', 404],
    ['/internal/metrics', 'refused', 404],
    ['//internal/metrics', 'refused', 404],
    ['/%69nternal/metrics', 'refused', 404],
    ['/x/../internal/metrics', 'open', 404],
  ];
  for (const [target, outcome, ...status] of cases) {
    test(target.length > 80 ? `${target.slice(0, 80)}…` : target, () => tryWireCase(serving, { name: target, bytes: infer(target), outcome, status }));
  }
});

test('what /internal offers to gateways is never forwarded, however it is written', async () => {
  serving.forwarded.length = 0;
  for (const target of ['/internal/metrics', '//internal/metrics', '/%69nternal/metrics', '/INTERNAL/metrics', '/internal%2fmetrics', 'http://localhost/internal/metrics', 'http://localhost//internal/metrics']) {
    const client = await serving.open();
    const [answer] = await client.send(request({ method: 'GET', target })).answered(1);
    client.destroy();
    assert.ok(answer && answer.status >= 400 && answer.status < 500, `${target}: ${answer?.status}`);
  }
  assert.deepEqual(serving.forwarded, []);
});

test('a name that is not found is told in full, clipped and without harm to the answer', async () => {
  for (const name of ['nope', '%F0%9F%9A%80', '%22%5c%0a', '__proto__', 'm'.repeat(9_000)]) {
    const client = await serving.open();
    const [answer] = await client.send(infer(`/v2/models/${name}/infer`)).answered(1);
    client.destroy();
    assert.ok(answer);
    assert.match(reasonOf(answer), /model|found|long/i);
    assert.ok(answer.body.length < 2_000, `an error of ${answer.body.length} bytes`);
  }
});

test('other clients noticed nothing', () => serving.unharmed());
