import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { type Datatype, DATATYPES, type Tensor } from '../core/index.ts';
import type { WorkerHandle } from '../deployment-engine/targets/index.ts';
import { addSubModel, encodeModel, identityModel, scaleModel, slowModel } from '../testing/onnx-models.ts';
import { exitOf, type ItemAnswer, settled, signatureOf, WireClient, within, WorkerFixture } from '../testing/worker-fixture.ts';
import { until } from '../testing/until.ts';
import { dial, type FailureMessage, FrameType } from '../wire/index.ts';

const floats = (name: string, shape: number[], ...values: number[]): Tensor => ({ name, datatype: 'FP32', shape, data: new Uint8Array(new Float32Array(values).buffer) });
function outputs(answer: ItemAnswer | undefined): readonly Tensor[] {
  assert.ok(answer && 'outputs' in answer, JSON.stringify(answer));
  return answer.outputs;
}
function failure(answer: ItemAnswer | undefined): FailureMessage {
  assert.ok(answer && 'code' in answer, JSON.stringify(answer));
  return answer;
}
const readFloats = (tensor: Tensor | undefined): number[] => [...new Float32Array(Uint8Array.from((tensor as Tensor).data).buffer)];

describe('worker process', () => {
  let fixture: WorkerFixture;
  let worker: WorkerHandle;
  let client: WireClient;
  before(async () => {
    fixture = await WorkerFixture.create();
    worker = await fixture.start('scale', scaleModel(2), signatureOf(['x'], ['y'], 'FP32', [-1, 4]));
    assert.equal((await settled(worker)).phase, 'ready');
    client = await WireClient.dial(worker);
  });
  after(async () => {
    client.close();
    await fixture.close();
  });

  it('answers items of a batch as it answers each alone', async () => {
    const items = [[1, 2, 3, 4], [5, 6, 7, 8], [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]].map((values) => ({ inputs: [floats('x', [1, 4], ...values)] }));
    items.push({ inputs: [floats('x', [2, 4], 1, 1, 1, 1, 9, 9, 9, 9)] });
    const together = await client.infer(items);
    assert.equal(together.header.batchSize, 5);
    assert.ok(together.header.runNs > 0 && together.header.inputNs >= 0 && together.header.outputNs >= 0);
    for (const [index, item] of items.entries()) {
      const alone = outputs((await client.infer([item])).items[0])[0];
      const merged = outputs(together.items[index])[0];
      assert.deepEqual([merged?.shape, readFloats(merged)], [alone?.shape, readFloats(alone)]);
    }
  });

  it('fails a bad item with the field and the value, and not its neighbours', async () => {
    const good = { inputs: [floats('x', [1, 4], 1, 2, 3, 4)] };
    const bad: [Tensor[], RegExp][] = [
      [[floats('z', [1, 4], 1, 2, 3, 4)], /"z" is not one of x/],
      [[], /takes each of x once/],
      [[good.inputs[0] as Tensor, good.inputs[0] as Tensor], /takes each of x once/],
      [[{ ...floats('x', [1, 4], 1, 2, 3, 4), datatype: 'INT32' }], /is INT32, the model takes FP32/],
      [[floats('x', [1, 3], 1, 2, 3)], /shape \[1,3\]/],
      [[floats('x', [4], 1, 2, 3, 4)], /shape \[4\]/],
      [[floats('x', [2, 4], 1, 2, 3, 4)], /16 bytes are not 8 elements/],
      [[floats('x', [2 ** 50, 4])], /more than/],
      [[floats('x', [-1, 4])], /not a whole number/],
      [[floats('__proto__', [1, 4], 1, 2, 3, 4)], /"__proto__" is not one of x/],
    ];
    const { items } = await client.infer([good, ...bad.map(([inputs]) => ({ inputs })), { ...good, outputs: ['nope'] }, good]);
    for (const [index, [, message]] of bad.entries()) {
      const answer = failure(items[index + 1]);
      assert.equal(answer.code, 'INVALID_ARGUMENT');
      assert.match(answer.error, message);
    }
    assert.match(failure(items.at(-2)).error, /output "nope"/);
    for (const index of [0, items.length - 1]) assert.deepEqual(readFloats(outputs(items[index])[0]), [2, 4, 6, 8]);
  });

  it('answers large frames in flight together each by its own bytes, though their memory is used again', async () => {
    const rows = 20_000;
    for (let round = 0; round < 4; round++) {
      const fills = Array.from({ length: 4 }, (_, index) => round * 10 + index + 1);
      const answers = await Promise.all(fills.map((fill) => client.infer([{ inputs: [floats('x', [rows, 4], ...new Array<number>(rows * 4).fill(fill))] }])));
      for (const [index, { items }] of answers.entries()) assert.ok(readFloats(outputs(items[0])[0]).every((value) => value === 2 * (fills[index] as number)));
    }
  });

  it('refuses frames that make no sense and goes on', async () => {
    for (const [header, body] of [[undefined, []], [{}, []], [{ items: [] }, []], [{ items: [null] }, []], [{ items: [{ inputs: 'x' }] }, []], [{ items: [{ inputs: [null] }] }, []], [{ items: [{ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], bytes: 17 }] }] }, [new Uint8Array(16)]], [{ items: [{ inputs: [] }] }, [new Uint8Array(1)]]] as const) {
      const answer = await within('answer', client.send(header, body));
      assert.ok('code' in answer && answer.code === 'INVALID_ARGUMENT', JSON.stringify([header, answer]));
    }
    assert.equal((await client.infer([{ inputs: [floats('x', [1, 4], 1, 2, 3, 4)] }])).items.length, 1);
  });

  it('closes a connection with the wrong secret, an unknown role or no hello', async () => {
    await assert.rejects(dial(worker.socketPath, { role: 'gateway', token: 'wrong' }, 5_000));
    await assert.rejects(dial(worker.socketPath, { role: 'admin' as 'control', token: worker.record.token }, 5_000));
    const socket = createConnection(worker.socketPath);
    const closed = new Promise((resolve) => socket.once('close', resolve).resume());
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await within('close', closed);
    assert.equal(worker.exited, null);
  });

  it('answers many connections at once', async () => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => WireClient.dial(worker)));
    const answers = await Promise.all(clients.flatMap((each, index) => Array.from({ length: 20 }, () => each.infer([{ inputs: [floats('x', [1, 4], index, 0, 0, 0)] }]).then(({ items }) => readFloats(outputs(items[0])[0])[0] === index * 2))));
    assert.ok(answers.every(Boolean));
    for (const each of clients) each.close();
  });

  it('keeps bytes of every datatype', async () => {
    for (const datatype of DATATYPES) {
      const identity = await fixture.start(`identity-${datatype}`, identityModel(datatype), signatureOf(['x'], ['y'], datatype, [-1, -1]));
      const status = await settled(identity);
      assert.equal(status.phase, 'ready', `${datatype}: ${status.message}`);
      assert.equal(status.profile?.batchable, true, `${datatype}: ${status.profile?.batchableReason}`);
      const each = await WireClient.dial(identity);
      const input = { name: 'x', datatype, shape: [1, 3], data: sampleBytes(datatype) };
      const { items } = await each.infer([{ inputs: [input] }, { inputs: [{ ...input, shape: [3, 1] }] }, { inputs: [input], outputs: ['y'] }]);
      for (const [index, shape] of [[0, [1, 3]], [1, [3, 1]], [2, [1, 3]]] as const) {
        const output = outputs(items[index])[0] as Tensor;
        assert.deepEqual([output.datatype, output.shape, Buffer.from(output.data).toString('hex')], [datatype, shape, Buffer.from(input.data).toString('hex')]);
      }
      each.close();
      await identity.kill();
    }
  });

  it('gives BYTES back byte for byte, merged and alone, and refuses lengths that disagree', async () => {
    const identity = await fixture.start('identity-text', identityModel('BYTES'), signatureOf(['x'], ['y'], 'BYTES', [-1, -1]));
    await settled(identity);
    const each = await WireClient.dial(identity);
    const text = (...bytes: number[]): Tensor => ({ name: 'x', datatype: 'BYTES', shape: [1, 1], data: Uint8Array.of(bytes.length, 0, 0, 0, ...bytes) });
    const inputs = [text(0xff, 0xfe), text(0xe2, 0x82, 0xac), text(0x61, 0, 0x62), text(0xef, 0xbb, 0xbf), text(), text(0xf4, 0x80, 0x80, 0x80)];
    const wrong = { ...text(), shape: [1, 2], data: Uint8Array.of(1, 0, 0, 0, 65) };
    const { items } = await each.infer([...inputs, wrong].map((input) => ({ inputs: [input] })));
    for (const [index, input] of inputs.entries()) {
      assert.equal(Buffer.compare(outputs(items[index])[0]?.data as Uint8Array, input.data), 0, String(input.data));
      assert.equal(Buffer.compare(outputs((await each.infer([{ inputs: [input] }])).items[0])[0]?.data as Uint8Array, input.data), 0, String(input.data));
    }
    assert.equal(failure(items[6]).code, 'INVALID_ARGUMENT');
    assert.match(failure(items[6]).error, /"x": 5 bytes are not 2 length-prefixed elements/);
    each.close();
  });

  it('gives the model’s own error to the item that causes it, and answers the others of its batch', async () => {
    const model = encodeModel({
      name: 'lookup',
      inputs: [{ name: 'i', datatype: 'INT64', shape: ['batch', 1] }],
      outputs: [{ name: 'v', datatype: 'FP32', shape: ['batch', 1] }],
      nodes: [{ opType: 'Gather', input: ['table', 'i'], output: ['v'] }],
      initializers: [{ name: 'table', dims: [2], dataType: 1, rawData: new Uint8Array(new Float32Array([10, 20]).buffer) }],
    });
    const dimensionNames = ['batch', ''];
    const lookup = await fixture.start('lookup', model, { inputs: [{ name: 'i', datatype: 'INT64', shape: [-1, 1], dimensionNames }], outputs: [{ name: 'v', datatype: 'FP32', shape: [-1, 1], dimensionNames }] });
    assert.equal((await settled(lookup)).profile?.batchable, true, lookup.status.message);
    const each = await WireClient.dial(lookup);
    const index = (value: bigint) => ({ inputs: [{ name: 'i', datatype: 'INT64' as const, shape: [1, 1], data: new Uint8Array(new BigInt64Array([value]).buffer) }] });
    const { items } = await each.infer([index(0n), index(99n), index(1n)]);
    assert.deepEqual([readFloats(outputs(items[0])[0]), readFloats(outputs(items[2])[0])], [[10], [20]]);
    assert.equal(failure(items[1]).code, 'MODEL_ERROR');
    assert.match(failure(items[1]).error, /99/);
    each.close();
  });

  it('gives only the outputs asked for, in the order asked', async () => {
    const addSub = await fixture.start('add-sub', addSubModel({ batch: true }), signatureOf(['INPUT0', 'INPUT1'], ['OUTPUT0', 'OUTPUT1'], 'INT32', [-1, 16]));
    await settled(addSub);
    const each = await WireClient.dial(addSub);
    const ints = (name: string, fill: number): Tensor => ({ name, datatype: 'INT32', shape: [1, 16], data: new Uint8Array(new Int32Array(16).fill(fill).buffer) });
    const inputs = [ints('INPUT1', 3), ints('INPUT0', 5)];
    const { items } = await each.infer([{ inputs, outputs: ['OUTPUT1'] }, { inputs }, { inputs, outputs: ['OUTPUT1', 'OUTPUT0'] }, { inputs, outputs: [] }]);
    assert.deepEqual(items.map((item) => outputs(item).map((tensor) => [tensor.name, new Int32Array(Uint8Array.from(tensor.data).buffer)[0]])), [[['OUTPUT1', 2]], [['OUTPUT0', 8], ['OUTPUT1', 2]], [['OUTPUT1', 2], ['OUTPUT0', 8]], []]);
    each.close();
  });

  it('finishes what is in flight when it is stopped, and refuses what comes later', async () => {
    const slow = await fixture.start('slow', slowModel(150), signatureOf(['x'], ['y'], 'FP32', [1]));
    assert.equal((await settled(slow)).phase, 'ready');
    const each = await WireClient.dial(slow);
    const ask = () => each.infer([{ inputs: [floats('x', [1], 1)] }]);
    const inFlight = [ask(), ask()];
    await inFlight[0];
    const exit = slow.stop(10_000, 'test');
    const answer = await inFlight[1];
    assert.ok(answer && 'outputs' in (answer.items[0] as object));
    assert.equal((await exit).reason, 'Drained');
    await assert.rejects(ask());
  });

  it('takes waiting work back when it is cancelled', async () => {
    const slow = await fixture.start('cancel', slowModel(100), signatureOf(['x'], ['y'], 'FP32', [1]));
    await settled(slow);
    const each = await WireClient.dial(slow);
    const header = { items: [{ inputs: [{ name: 'x', datatype: 'FP32', shape: [1], bytes: 4 }] }] };
    const [first, second] = [each.send(header, [new Uint8Array(4)]), each.send(header, [new Uint8Array(4)])];
    each.connection.send(FrameType.cancel, 2);
    assert.ok('header' in (await first));
    assert.deepEqual(await second, { code: 'CANCELLED', error: 'cancelled before it ran' });
    each.close();
  });

  it('leaves on SIGTERM and removes its socket', async () => {
    const leaving = await fixture.start('sigterm', scaleModel(2), signatureOf(['x'], ['y'], 'FP32', [-1, 4]));
    await settled(leaving);
    process.kill(leaving.pid, 'SIGTERM');
    const exit = await exitOf(leaving);
    assert.deepEqual([exit.code, exit.reason], [0, 'Shutdown']);
    await until('closed', () => dial(leaving.socketPath, { role: 'control', token: 't' }, 1_000).then(() => false, () => true));
  });
});

/** Three elements with every byte in use. */
function sampleBytes(datatype: Datatype): Uint8Array {
  if (datatype === 'BYTES') return new Uint8Array(Buffer.concat(['Łódź', '', 'a 🦉'].flatMap((text) => [Buffer.from(Uint32Array.of(Buffer.byteLength(text)).buffer), Buffer.from(text)])));
  if (datatype === 'BOOL') return Uint8Array.of(1, 0, 1);
  const size = { UINT8: 1, INT8: 1, UINT16: 2, INT16: 2, FP16: 2, BF16: 2, UINT32: 4, INT32: 4, FP32: 4 }[datatype as string] ?? 8;
  return Uint8Array.from({ length: 3 * size }, (_, index) => (index * 37 + 129) % 251);
}
