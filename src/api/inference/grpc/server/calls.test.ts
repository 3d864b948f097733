import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync, gzipSync, inflateSync } from 'node:zlib';
import { GrpcStatus } from '../../../../core/index.ts';
import { until } from '../../../../testing/until.ts';
import { begin, call, message, messages, open, outcomeOf } from '../../../../testing/grpc-raw-client.ts';
import { port, seen, session, shareServer, stillServes } from './test-server.ts';

shareServer();

describe('a unary call', () => {
  test('answers with headers, one message and trailers', async () => {
    const { headers, trailers, body } = await call(session, '/t.T/Echo', [message('hello')]);
    assert.deepEqual([headers[':status'], headers['content-type'], trailers['grpc-status']], [200, 'application/grpc', '0']);
    assert.deepEqual(messages(body), ['hello']);
  });

  test('takes a message in any pieces', async () => {
    const whole = message('x'.repeat(70_000));
    for (const size of [1, 4, 5, 6, 1000, 16_384, 60_000]) {
      const chunks: Buffer[] = [];
      for (let at = 0; at < whole.length; at += size) chunks.push(whole.subarray(at, at + size));
      const pieces = size < 1000 ? [...chunks.slice(0, 20), Buffer.concat(chunks.slice(20))] : chunks;
      const { body, status } = await call(session, '/t.T/Echo', pieces);
      assert.deepEqual([status, body.equals(whole)], [0, true], `pieces of ${size}`);
    }
  });

  test('answers that exceed every window arrive whole', async () => {
    const { body, status } = await call(session, '/t.T/Big', [message('mid')]);
    assert.deepEqual([status, body.length], [0, 5 + 3_100_003]);
    assert.equal(body.subarray(100_005, 100_009).toString(), 'midb');
  });

  for (const [why, chunks, status, pattern] of [
    ['no message', [], GrpcStatus.INVALID_ARGUMENT, /no message/],
    ['two messages', [message('a'), message('b')], GrpcStatus.INVALID_ARGUMENT, /more than one message/],
    ['two messages in one piece', [Buffer.concat([message('a'), message('b')])], GrpcStatus.INVALID_ARGUMENT, /more than one message/],
    ['a prefix cut short', [message('abc').subarray(0, 3)], GrpcStatus.INVALID_ARGUMENT, /middle of a message: 3 bytes of the 5/],
    ['a message cut short', [message('abc').subarray(0, 6)], GrpcStatus.INVALID_ARGUMENT, /middle of a message: 1 bytes of 3/],
    ['a whole message and part of another', [message('abc'), Buffer.from([0, 0])], GrpcStatus.INVALID_ARGUMENT, /middle of a message/],
    ['unknown flags', [message('abc', 2)], GrpcStatus.INVALID_ARGUMENT, /flags 2/],
    ['compression that was not announced', [message('abc', 1)], GrpcStatus.INVALID_ARGUMENT, /grpc-encoding names no/],
    ['an announced length over the limit', [Buffer.from([0, 0xff, 0xff, 0xff, 0xff])], GrpcStatus.RESOURCE_EXHAUSTED, /4294967295 bytes.*200000.*bodyBytesMax/],
  ] as const) {
    test(`refused: ${why}`, async () => {
      const outcome = await call(session, '/t.T/Echo', chunks);
      assert.deepEqual([outcome.headers[':status'], outcome.status], [200, status]);
      assert.match(outcome.message, pattern);
      await stillServes();
    });
  }

  test('a message over the limit is refused before it is sent whole', async () => {
    const stream = begin(session, '/t.T/Echo');
    const outcome = outcomeOf(stream);
    stream.write(Buffer.from([0, 0x10, 0, 0, 0]));
    stream.write(Buffer.alloc(10_000));
    assert.equal((await outcome).status, GrpcStatus.RESOURCE_EXHAUSTED);
    await stillServes();
  });

  for (const [why, path, headers, check] of [
    ['method', '/t.T/Echo', { ':method': 'GET' }, { ':status': 405, allow: 'POST' }],
    ['content type', '/t.T/Echo', { 'content-type': 'application/json' }, { ':status': 415 }],
    ['content type of gRPC-Web', '/t.T/Echo', { 'content-type': 'application/grpc-web' }, { ':status': 415 }],
    ['subtype', '/t.T/Echo', { 'content-type': 'application/grpc+json' }, { ':status': 415 }],
    ['path', '/t.T/Nothing', {}, { ':status': 200, 'grpc-status': '12' }],
    ['service', '/t.U/Echo', {}, { ':status': 200, 'grpc-status': '12' }],
    ['compression', '/t.T/Echo', { 'grpc-encoding': 'snappy' }, { 'grpc-status': '12', 'grpc-accept-encoding': 'identity,gzip,deflate' }],
    ['deadline', '/t.T/Echo', { 'grpc-timeout': '1x' }, { 'grpc-status': '3' }],
    ['deadline of nine digits', '/t.T/Echo', { 'grpc-timeout': '123456789S' }, { 'grpc-status': '3' }],
    ['empty deadline', '/t.T/Echo', { 'grpc-timeout': '' }, { 'grpc-status': '3' }],
  ] as const) {
    test(`refused: another ${why}`, async () => {
      const outcome = await call(session, path, [message('a')], headers);
      for (const [name, value] of Object.entries(check)) assert.equal(outcome.headers[name], value);
      await stillServes();
    });
  }

  test('content types with parameters and the protobuf subtype are gRPC', async () => {
    for (const type of ['application/grpc+proto', 'application/grpc; charset=utf-8', 'Application/GRPC']) {
      assert.equal((await call(session, '/t.T/Echo', [message('a')], { 'content-type': type })).status, 0);
    }
  });

  test('failures are trailers only, with what the handler noted, the code and when to come again', async () => {
    const { headers, trailers, body } = await call(session, '/t.T/Metadata', [message('voll: 100 % 名\n"')]);
    assert.deepEqual([headers['grpc-status'], headers['x-version'], headers['lepton-code'], headers['retry-after']], ['8', 'v1', 'QUEUE_FULL', '2']);
    assert.equal(headers['grpc-message'], 'voll: 100 %25 %E5%90%8D%0A"');
    assert.deepEqual([trailers['grpc-status'], body.length], [undefined, 0]);
    assert.equal((await call(session, '/t.T/Metadata', [message('')])).headers['x-version'], 'v1');
  });

  test('long messages are cut between characters', async () => {
    const { message: text } = await call(session, '/t.T/Metadata', [message('名'.repeat(5000))]);
    assert.match(text, /^名{400,}$/);
  });

  test('faults of ours are INTERNAL and end nothing else', async () => {
    assert.equal((await call(session, '/t.T/Fault', [message('a')])).status, GrpcStatus.INTERNAL);
    await stillServes();
  });

  test('deadlines come in every unit', async () => {
    for (const [text, ms] of [['2H', 7_200_000], ['3M', 180_000], ['4S', 4000], ['500m', 500], ['900000u', 900], ['90000000n', 90]] as const) {
      const left = Number(messages((await call(session, '/t.T/Deadline', [message('')], { 'grpc-timeout': text })).body)[0]);
      assert.ok(left <= ms && left > ms - 80, `${text}: ${left}`);
    }
    assert.deepEqual(messages((await call(session, '/t.T/Deadline', [message('')])).body), ['undefined']);
  });
});

describe('compression', () => {
  for (const [encoding, zip] of [['gzip', gzipSync], ['deflate', deflateSync]] as const) {
    test(`${encoding}: compressed answers to compressed requests of clients that read them`, async () => {
      const headers = { 'grpc-encoding': encoding, 'grpc-accept-encoding': `identity, ${encoding}` };
      const { headers: answer, body, status } = await call(session, '/t.T/Echo', [message(zip('z'.repeat(5000)), 1)], headers);
      assert.deepEqual([status, answer['grpc-encoding'], body[0]], [0, encoding, 1]);
      assert.ok(body.length < 1000);
      if (encoding === 'deflate') assert.equal(inflateSync(body.subarray(5)).toString(), 'z'.repeat(5000));
      const plain = await call(session, '/t.T/Echo', [message(zip('zz'), 1)], { 'grpc-encoding': encoding });
      assert.deepEqual([plain.headers['grpc-encoding'], messages(plain.body)], [undefined, ['zz']]);
      const uncompressed = await call(session, '/t.T/Echo', [message('not')], { 'grpc-encoding': encoding });
      assert.deepEqual(messages(uncompressed.body), ['not']);
    });

    test(`${encoding}: what is not, is cut short or grows too large is refused`, async () => {
      const headers = { 'grpc-encoding': encoding };
      for (const [bytes, status] of [['nonsense', 3], [zip('a'.repeat(1000)).subarray(0, 12), 3], [zip(Buffer.alloc(300_000)), 8]] as const) {
        assert.equal((await call(session, '/t.T/Echo', [message(bytes, 1)], headers)).status, status);
      }
      assert.equal((await call(session, '/t.T/Stream', [message('nonsense', 1)], headers)).status, 3);
      await stillServes();
    });
  }
});

describe('a stream', () => {
  test('answers each message and ends when the client does', async () => {
    const many = Array.from({ length: 300 }, (_, index) => String(index));
    const { body, status } = await call(session, '/t.T/Stream', many.map((text) => message(text)));
    assert.deepEqual([messages(body), status], [many, 0]);
    const atOnce = await call(session, '/t.T/Stream', [Buffer.concat(many.map((text) => message(text)))]);
    assert.deepEqual(messages(atOnce.body), many);
    assert.equal((await call(session, '/t.T/Stream', [])).status, 0);
  });

  test('answers before the client has sent all', async () => {
    const stream = begin(session, '/t.T/Stream');
    const outcome = outcomeOf(stream);
    for (const text of ['one', 'two']) {
      stream.write(message(text));
      await once(stream, 'data');
    }
    stream.end();
    assert.deepEqual(messages((await outcome).body), ['one', 'two']);
  });

  test('ends with the status of a failure, after the answers before it', async () => {
    const { body, status, trailers } = await call(session, '/t.T/Stream', [message('a'), message('fail'), message('b')]);
    assert.deepEqual([messages(body), status, trailers['lepton-code']], [['a', 'fail'], GrpcStatus.NOT_FOUND, 'MODEL_NOT_FOUND']);
    assert.equal((await call(session, '/t.T/Stream', [message('a'), message('abc').subarray(0, 6)])).status, GrpcStatus.INVALID_ARGUMENT);
    await stillServes();
  });

  test('ends at its deadline', async () => {
    const stream = begin(session, '/t.T/Stream', { 'grpc-timeout': '100m' });
    const outcome = outcomeOf(stream);
    stream.write(message('a'));
    assert.equal((await outcome).status, GrpcStatus.DEADLINE_EXCEEDED);
  });

  test('of a client that never reads is read no further, and cut off after a time', async () => {
    seen.taken = 0;
    seen.cancels = 0;
    const stream = begin(session, '/t.T/Flood');
    stream.pause();
    const closed = once(stream, 'close');
    for (let sent = 0; sent < 3000; sent++) stream.write(message('x'.repeat(1000)));
    await sleep(500);
    const before = seen.taken;
    assert.ok(before < 100, `${before} answers of 50 kB are held for it`);
    await sleep(300);
    assert.equal(seen.taken, before);
    await stillServes();
    await until('cut off', () => stream.destroyed || stream.closed || seen.cancels > 0);
    assert.equal(seen.cancels, 1);
    stream.resume();
    await closed;
    assert.equal(stream.rstCode, constants.NGHTTP2_CANCEL);
    await stillServes();
  });
});

describe('calls that end early', () => {
  test('cancelled ones are told to their handlers', async () => {
    seen.cancels = 0;
    seen.release = Promise.withResolvers();
    for (const path of ['/t.T/Wait', '/t.T/WaitStream']) {
      const stream = begin(session, path);
      if (path === '/t.T/Wait') stream.end(message('a'));
      else stream.write(message('a'));
      await sleep(50);
      stream.close(constants.NGHTTP2_CANCEL);
      await until('cancelled', () => seen.cancels === (path === '/t.T/Wait' ? 1 : 2));
    }
    seen.release.resolve();
    await stillServes();
  });

  test('so are those whose connection is gone', async () => {
    seen.cancels = 0;
    seen.release = Promise.withResolvers();
    const other = await open(port);
    for (let sent = 0; sent < 50; sent++) begin(other, '/t.T/Wait').end(message('a'));
    await sleep(50);
    other.destroy();
    await until('cancelled', () => seen.cancels === 50);
    seen.release.resolve();
    await stillServes();
  });

  test('a request that does not arrive whole is given up', async () => {
    const silent = begin(session, '/t.T/Echo');
    const halfway = begin(session, '/t.T/Stream');
    const outcomes = Promise.all([outcomeOf(silent), outcomeOf(halfway)]);
    halfway.write(message('abc').subarray(0, 6));
    for (const { status, message: text } of await outcomes) {
      assert.equal(status, GrpcStatus.DEADLINE_EXCEEDED);
      assert.match(text, /1500 ms/);
    }
    await stillServes();
  });

  test('thousands of quick cancels harm nobody', async () => {
    seen.cancels = 0;
    seen.release = Promise.withResolvers();
    const other = await open(port);
    for (let round = 0; round < 40; round++) {
      for (let sent = 0; sent < 50; sent++) {
        const stream = begin(other, '/t.T/Wait');
        stream.end(message('a'));
        stream.close(constants.NGHTTP2_CANCEL);
      }
      await sleep(5);
    }
    assert.equal((await call(other, '/t.T/Echo', [message('a')])).status, 0);
    await stillServes();
    other.destroy();
    seen.release.resolve();
  });
});
