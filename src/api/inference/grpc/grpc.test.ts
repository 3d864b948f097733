import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status as Status } from '@grpc/grpc-js';
import { decodeMessage as decode, encodeMessage as encode } from './schema/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../../../testing/gateway-fixture.ts';
import { until } from '../../../testing/until.ts';

let gateway: GatewayFixture;
let client: Client;
before(async () => {
  gateway = await GatewayFixture.start();
  client = new Client(gateway.grpcAddress, credentials.createInsecure());
});
after(async () => {
  client.close();
  await gateway.close();
});

interface Answer {
  readonly value: any;
  readonly metadata: Metadata;
}
const decodeMessage = <T>(name: string, bytes: Uint8Array): T => decode<T>(`inference.${name}`, bytes);
const encodeMessage = (name: string, value: object): Buffer => encode(`inference.${name}`, value);
const path = (method: string): string => `/inference.GRPCInferenceService/${method}`;
const same = (bytes: Buffer): Buffer => bytes;

function call(method: string, bytes: Buffer, options: { metadata?: Record<string, string>; timeoutMs?: number } = {}): Promise<Answer> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
  return new Promise((resolve, reject) => {
    let initial = new Metadata();
    const sent = client.makeUnaryRequest(path(method), same, same, bytes, metadata, options.timeoutMs ? { deadline: Date.now() + options.timeoutMs } : {}, (error, answer) =>
      error ? reject(error) : resolve({ value: decodeMessage<any>(`${method}Response`, answer as Buffer), metadata: initial }),
    );
    sent.on('metadata', (received) => (initial = received));
  });
}

const raw = (values: number[]): Uint8Array => new Uint8Array(new Float32Array(values).buffer);
const request = (overrides: object = {}): Buffer =>
  encodeMessage('ModelInferRequest', { model_name: 'm', id: 'q', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4] }], raw_input_contents: [raw([1, 2, 3, 4])], ...overrides });
const values = (bytes: Uint8Array): number[] => [...new Float32Array(new Uint8Array(bytes).buffer)];
const fails = (code: number, pattern: RegExp) => (error: ServiceError) => error.code === code && pattern.test(error.details);

describe('gRPC', () => {
  test('tells its health before and after the first table', async () => {
    assert.equal((await call('ServerLive', Buffer.alloc(0))).value.live, true);
    assert.equal((await call('ServerReady', Buffer.alloc(0))).value.ready, false);
    const [a, b] = [await gateway.worker('a', 2), await gateway.worker('b', 3)];
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [a.route]), versionRoute('v2', [b.route])], { weights: { v1: 50, v2: 50 }, labels: { canary: 'v2' }, sticky: { header: 'x-user' } }));
    assert.equal((await call('ServerReady', Buffer.alloc(0))).value.ready, true);
  });

  test('answers raw and typed contents with raw ones, and says who answered', async () => {
    const typed = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], contents: { fp32_contents: [1, 2, 3, 4] } }], raw_input_contents: [] };
    for (const overrides of [{}, typed]) {
      for (const [version, factor] of [['v1', 2], ['v2', 3], ['canary', 3]] as const) {
        const { value, metadata } = await call('ModelInfer', request({ ...overrides, model_version: version }));
        assert.deepEqual(values(value.raw_output_contents[0]), [1, 2, 3, 4].map((each) => each * factor));
        assert.deepEqual([value.model_version, value.id, value.outputs[0].name], [factor === 2 ? 'v1' : 'v2', 'q', 'y']);
        assert.deepEqual(metadata.get('lepton-version'), [value.model_version]);
        assert.deepEqual(metadata.get('lepton-prediction-id'), [value.parameters['lepton-prediction-id'].string_param]);
      }
    }
  });

  test('a sticky key comes as metadata', async () => {
    const seen = new Map<string, string>();
    for (let sent = 0; sent < 60; sent++) {
      const user = `user-${sent % 12}`;
      const { value } = await call('ModelInfer', request(), { metadata: { 'x-user': user } });
      assert.equal(seen.get(user) ?? value.model_version, value.model_version);
      seen.set(user, value.model_version);
    }
    assert.equal(new Set(seen.values()).size, 2);
  });

  test('metadata, configuration, statistics and index speak of the versions', async () => {
    const ask = encodeMessage('ModelReadyRequest', { name: 'm', version: 'v2' });
    assert.equal((await call('ModelReady', ask)).value.ready, true);
    const metadata = (await call('ModelMetadata', ask)).value;
    assert.deepEqual(metadata.versions, ['v1', 'v2']);
    assert.deepEqual(metadata.inputs[0].shape.map(Number), [-1, 4]);
    const { config } = (await call('ModelConfig', ask)).value;
    assert.deepEqual([config.max_batch_size, config.input[0].dims.map(Number)], [8, [4]]);
    const [statistics] = (await call('ModelStatistics', ask)).value.model_stats;
    assert.ok(Number(statistics.inference_stats.success.count) > 0);
    assert.equal((await call('RepositoryIndex', encodeMessage('RepositoryIndexRequest', {}))).value.models.length, 2);
  });

  for (const [why, bytes, code, pattern] of [
    ['unknown model', () => request({ model_name: 'nope' }), Status.NOT_FOUND, /^Request for unknown model: 'nope' is not found$/],
    ['unknown version', () => request({ model_version: 'v9' }), Status.NOT_FOUND, /'v9'/],
    ['not protobuf', () => Buffer.from([0xff, 0xff, 0xff]), Status.INVALID_ARGUMENT, /ModelInferRequest/],
    ['raw contents of wrong length', () => request({ raw_input_contents: [raw([1])] }), Status.INVALID_ARGUMENT, /4 bytes/],
    ['too few raw contents', () => request({ raw_input_contents: [raw([1]), raw([1])] }), Status.INVALID_ARGUMENT, /2 entries for 1 inputs/],
    ['contents in the wrong field', () => request({ raw_input_contents: [], inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], contents: { int_contents: [1, 2, 3, 4] } }] }), Status.INVALID_ARGUMENT, /fp32_contents/],
    ['both kinds of contents', () => request({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], contents: { fp32_contents: [1] } }] }), Status.INVALID_ARGUMENT, /must not be specified when using raw_input_contents/],
    ['integers out of range', () => request({ raw_input_contents: [], inputs: [{ name: 'x', datatype: 'INT8', shape: [1], contents: { int_contents: [300] } }] }), Status.INVALID_ARGUMENT, /300/],
    ['negative sizes', () => request({ inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }] }), Status.INVALID_ARGUMENT, /-1/],
    ['half floats outside raw contents', () => request({ raw_input_contents: [], inputs: [{ name: 'x', datatype: 'FP16', shape: [1], contents: {} }] }), Status.INVALID_ARGUMENT, /FP16/],
    ['message over the limit', () => request({ inputs: [{ name: 'x', datatype: 'FP32', shape: [100_000, 4] }], raw_input_contents: [new Uint8Array(1_600_000)] }), Status.RESOURCE_EXHAUSTED, /./],
  ] as const) {
    test(`refused: ${why}, and the next call works`, async () => {
      await assert.rejects(call('ModelInfer', bytes()), fails(code, pattern));
      assert.equal((await call('ModelInfer', request())).value.id, 'q');
    });
  }

  test('the client’s deadline and its leaving take the request away', async () => {
    const slow = await gateway.worker('slow', 2);
    slow.behaviour = { kind: 'hang' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [slow.route])]));
    await until('connected', () => slow.connections === 1);
    await assert.rejects(call('ModelInfer', request(), { timeoutMs: 200 }), fails(Status.DEADLINE_EXCEEDED, /./));
    const leaving = client.makeUnaryRequest(path('ModelInfer'), same, same, request(), () => {});
    leaving.on('error', () => {});
    const open = async (): Promise<string> => (await fetch(`${gateway.url}/metrics`)).text();
    await until('queued', async () => /lepton_queue_length\{[^}]*\} 1/.test(await open()));
    leaving.cancel();
    await until('empty', async () => /lepton_queue_length\{[^}]*\} 0/.test(await open()));
    await slow.kill();
  });

  test('a stream answers in order and outlives errors', async () => {
    const worker = await gateway.worker('stream', 2);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [worker.route])]));
    const stream = client.makeBidiStreamRequest(path('ModelStreamInfer'), same, same);
    const answers: any[] = [];
    stream.on('data', (bytes: Buffer) => answers.push(decodeMessage<any>('ModelStreamInferResponse', bytes)));
    const ended = once(stream, 'end');
    for (let sent = 0; sent < 200; sent++) stream.write(sent === 100 ? request({ model_name: 'nope' }) : request({ id: String(sent) }));
    stream.end();
    await ended;
    assert.equal(answers.length, 200);
    answers.forEach((answer, index) => {
      if (index === 100) assert.match(answer.error_message, /unknown model/);
      else assert.equal(answer.infer_response.id, String(index));
    });
  });
});
