import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Client, credentials, Metadata, type ServiceError, status as Status } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import * as descriptorModule from 'protobufjs/ext/descriptor.js';
import { GatewayFixture, serviceRoute, versionRoute } from '../../../testing/gateway-fixture.ts';
import { until } from '../../../testing/until.ts';
import { decodeMessage, encodeMessage } from './schema/index.ts';

const FileDescriptorProto = ((descriptorModule as any).default ?? descriptorModule).FileDescriptorProto as protobuf.Type;
const PROTOCOL = new URL('../../../../protocol/', import.meta.url);
const same = (bytes: Buffer): Buffer => bytes;

let gateway: GatewayFixture;
let client: Client;
const asked: any[] = [];
before(async () => {
  gateway = await GatewayFixture.start();
  client = new Client(gateway.grpcAddress, credentials.createInsecure());
  await gateway.upstream((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      if (request.method === 'POST') asked.push(JSON.parse(text));
      response.statusCode = request.method === 'POST' ? 204 : 200;
      response.end(request.method === 'POST' ? '' : JSON.stringify([{ name: 'resting', version: 'v9' }]));
    });
  });
  const [a, b] = [await gateway.worker('a', 2), await gateway.worker('b', 3)];
  await gateway.setServices(serviceRoute('m', [versionRoute('v1', [a.route]), versionRoute('v2', [b.route], { phase: 'starting' })]));
});
after(async () => {
  client.close();
  await gateway.close();
});

/** A unary call by full method name and message names. */
function call(method: string, request: string, response: string, value: object): Promise<any> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(method, same, same, encodeMessage(request, value), new Metadata(), {}, (error, bytes) => (error ? reject(error) : resolve(decodeMessage(response, bytes as Buffer))));
  });
}
const inference = (method: string, value: object = {}): Promise<any> => call(`/inference.GRPCInferenceService/${method}`, `inference.${method}Request`, `inference.${method}Response`, value);
const health = (service: string): Promise<any> => call('/grpc.health.v1.Health/Check', 'grpc.health.v1.HealthCheckRequest', 'grpc.health.v1.HealthCheckResponse', { service });
const fails = (code: number, pattern: RegExp) => (error: ServiceError) => error.code === code && (pattern.test(error.details) || assert.fail(error.details));
const inferRequest = (value: object = {}): Buffer => encodeMessage('inference.ModelInferRequest', { model_name: 'm', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4] }], raw_input_contents: [Buffer.alloc(16)], ...value });

describe('reflection', () => {
  for (const version of ['v1', 'v1alpha']) {
    const space = `grpc.reflection.${version}`;
    const ask = async (...requests: object[]): Promise<any[]> => {
      const stream = client.makeBidiStreamRequest(`/${space}.ServerReflection/ServerReflectionInfo`, same, same);
      const answers: any[] = [];
      stream.on('data', (bytes: Buffer) => answers.push(decodeMessage(`${space}.ServerReflectionResponse`, bytes)));
      for (const request of requests) stream.write(encodeMessage(`${space}.ServerReflectionRequest`, request));
      stream.end();
      await once(stream, 'end');
      return answers;
    };

    test(`${version} lists the services and says where things are`, async () => {
      const [services, byName, bySymbol, byMethod, unknown, extension, nothing] = await ask({ list_services: '' }, { file_by_filename: 'inference.proto' }, { file_containing_symbol: 'inference.ModelInferRequest.InferInputTensor' }, { file_containing_symbol: 'inference.GRPCInferenceService.ModelInfer' }, { file_containing_symbol: 'inference.Nothing' }, { file_containing_extension: { containing_type: 'a', extension_number: 1 } }, {});
      assert.deepEqual(services.list_services_response.service.map((one: any) => one.name), ['inference.GRPCInferenceService', 'lepton.v1.Feedback', 'grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection']);
      const files = [byName, bySymbol, byMethod].map((answer) => Buffer.from(answer.file_descriptor_response.file_descriptor_proto[0]));
      assert.ok(files[0]!.equals(files[1]!) && files[0]!.equals(files[2]!));
      assert.deepEqual([unknown.error_response.error_code, extension.error_response.error_code, nothing.error_response.error_code], [Status.NOT_FOUND, Status.NOT_FOUND, Status.INVALID_ARGUMENT]);
      assert.equal(unknown.original_request.file_containing_symbol, 'inference.Nothing');
    });
  }

  for (const [page, symbol, factsMin] of [['inference.proto', 'inference.GRPCInferenceService', 300], ['feedback.proto', 'lepton.v1.Feedback', 25]] as const) {
    test(`says what protocol/${page} says, in every field`, async () => {
      const stream = client.makeBidiStreamRequest('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', same, same);
      stream.end(encodeMessage('grpc.reflection.v1.ServerReflectionRequest', { file_containing_symbol: symbol }));
      const [bytes] = (await once(stream, 'data')) as [Buffer];
      const [file] = decodeMessage<any>('grpc.reflection.v1.ServerReflectionResponse', bytes).file_descriptor_response.file_descriptor_proto;
      const root = (protobuf.Root as any).fromDescriptor({ file: [FileDescriptorProto.decode(file)] }) as protobuf.Root;
      const written = new protobuf.Root();
      protobuf.parse(await readFile(new URL(page, PROTOCOL), 'utf8'), written, { keepCase: true });
      const facts = factsOf(root.resolveAll());
      assert.ok(Object.keys(facts).length > factsMin);
      assert.deepEqual(facts, factsOf(written.resolveAll()));
    });
  }
});

/** Everything that matters on the wire, by full name. */
function factsOf(space: protobuf.NamespaceBase, facts: Record<string, unknown> = {}): Record<string, unknown> {
  for (const entry of space.nestedArray) {
    // Maps travel as entry messages, which only one of the two has as such.
    if (entry instanceof protobuf.Type && !/Entry$/.test(entry.name)) {
      for (const field of entry.fieldsArray) {
        const map = field instanceof protobuf.MapField ? field : /Entry$/.test(field.resolvedType?.name ?? '') ? (field.resolvedType as protobuf.Type).fields : null;
        const value = map instanceof protobuf.MapField ? map : map?.value;
        const key = map instanceof protobuf.MapField ? map.keyType : map?.key?.type;
        facts[field.fullName] = [field.id, map !== null || field.repeated, (value ?? field).resolvedType?.fullName ?? (value ?? field).type, key, field.partOf?.name, field.options?.proto3_optional === true];
      }
    }
    if (entry instanceof protobuf.Enum) facts[entry.fullName] = { ...entry.values };
    if (entry instanceof protobuf.Service) for (const method of entry.methodsArray) facts[method.fullName] = [method.resolvedRequestType?.fullName, method.resolvedResponseType?.fullName, method.requestStream === true, method.responseStream === true];
    if (entry instanceof protobuf.Namespace) factsOf(entry, facts);
  }
  return facts;
}

describe('health', () => {
  test('of the server, of models and of their versions', async () => {
    for (const [service, status] of [['', 'SERVING'], ['inference.GRPCInferenceService', 'SERVING'], ['m', 'SERVING'], ['m/v1', 'SERVING'], ['m/v2', 'NOT_SERVING']] as const) assert.equal((await health(service)).status, status, service);
    for (const service of ['nobody', 'm/v9']) await assert.rejects(health(service), fails(Status.NOT_FOUND, /no service or model/));
    const { statuses } = await call('/grpc.health.v1.Health/List', 'grpc.health.v1.HealthListRequest', 'grpc.health.v1.HealthListResponse', {});
    assert.deepEqual(Object.keys(statuses), ['', 'm']);
  });

  test('watched, tells each change', async () => {
    const watch = client.makeServerStreamRequest('/grpc.health.v1.Health/Watch', same, same, encodeMessage('grpc.health.v1.HealthCheckRequest', { service: 'later' }));
    const seen: string[] = [];
    watch.on('data', (bytes: Buffer) => seen.push(decodeMessage<any>('grpc.health.v1.HealthCheckResponse', bytes).status));
    watch.on('error', () => {});
    await until('told that it is unknown', () => seen.length === 1);
    const [a, b] = [await gateway.worker('e', 2), await gateway.worker('f', 2)];
    const m = serviceRoute('m', [versionRoute('v1', [a.route])]);
    await gateway.setServices(m, serviceRoute('later', [versionRoute('v1', [b.route])]));
    await until('told that it serves', () => seen.length === 2);
    await gateway.setServices(m);
    await until('told that it is gone', () => seen.length === 3);
    watch.cancel();
    assert.deepEqual(seen, ['SERVICE_UNKNOWN', 'SERVING', 'SERVICE_UNKNOWN']);
  });
});

describe('extensions', () => {
  test('models and single versions are loaded and unloaded', async () => {
    await inference('RepositoryModelLoad', { model_name: 'm' });
    await inference('RepositoryModelUnload', { model_name: 'm', parameters: { version: { string_param: 'v1' }, unload_dependents: { bool_param: true } } });
    assert.deepEqual(asked.map(({ action, model, version }) => [action, model, version]), [['load', 'm', null], ['unload', 'm', 'v1']]);
    await assert.rejects(inference('RepositoryModelLoad', { model_name: 'm', parameters: { 'file:1/model.onnx': { bytes_param: Buffer.of(1) } } }), fails(Status.UNIMPLEMENTED, /file:1/));
    await assert.rejects(inference('RepositoryModelLoad', { model_name: 'm', parameters: { version: { bool_param: true } } }), fails(Status.INVALID_ARGUMENT, /name of a version, not true/));
    await assert.rejects(inference('RepositoryModelLoad', { model_name: 'm', parameters: { config: {} } }), fails(Status.INVALID_ARGUMENT, /config has no value/));
    await assert.rejects(inference('RepositoryModelLoad', { model_name: 'm', repository_name: 'other' }), fails(Status.UNIMPLEMENTED, /other/));
  });

  test('the index has what could be loaded too', async () => {
    const worker = await gateway.worker('i', 2);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [worker.route])]));
    const { models } = await inference('RepositoryIndex');
    assert.deepEqual(models.map(({ name, version, state }: any) => [name, version, state]), [['m', 'v1', 'READY'], ['resting', 'v9', 'UNAVAILABLE']]);
    assert.equal((await inference('RepositoryIndex', { ready: true })).models.length, 1);
  });

  test('log and trace settings are read, and changed as far as that means something', async () => {
    const { settings } = await inference('LogSettings');
    assert.deepEqual([settings.log_info.bool_param, settings.log_verbose_level.uint32_param, settings.log_format.string_param], [true, 0, 'default']);
    await assert.rejects(inference('LogSettings', { settings: { log_nothing: { bool_param: true } } }), fails(Status.INVALID_ARGUMENT, /log_nothing/));
    await assert.rejects(inference('LogSettings', { settings: { log_info: { string_param: 'yes' } } }), fails(Status.INVALID_ARGUMENT, /log_info/));
    assert.deepEqual((await inference('TraceSetting', { settings: { trace_level: { value: ['OFF'] }, trace_rate: {} } })).settings.trace_level.value, ['OFF']);
    await assert.rejects(inference('TraceSetting', { settings: { trace_level: { value: ['TIMESTAMPS'] } } }), fails(Status.UNIMPLEMENTED, /TIMESTAMPS/));
    await assert.rejects(inference('TraceSetting', { model_name: 'nobody' }), fails(Status.NOT_FOUND, /nobody/));
  });

  test('there is no shared memory', async () => {
    for (const kind of ['System', 'Cuda']) {
      assert.deepEqual((await inference(`${kind}SharedMemoryStatus`)).regions, {});
      await inference(`${kind}SharedMemoryUnregister`);
      await assert.rejects(inference(`${kind}SharedMemoryRegister`, { name: 'r' }), fails(Status.UNIMPLEMENTED, /send the data/));
    }
  });

  test('questions that are no messages are refused as such', async () => {
    const sent = new Promise((resolve, reject) => client.makeUnaryRequest('/inference.GRPCInferenceService/ModelConfig', same, same, Buffer.from([0x0a, 0xff]), new Metadata(), {}, (error, bytes) => (error ? reject(error) : resolve(bytes))));
    await assert.rejects(sent, fails(Status.INVALID_ARGUMENT, /not a ModelConfigRequest/));
  });
});

describe('streams of inferences', () => {
  const stream = (metadata: Record<string, string> = {}) => {
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    const opened = client.makeBidiStreamRequest('/inference.GRPCInferenceService/ModelStreamInfer', same, same, sent);
    const answers: any[] = [];
    opened.on('data', (bytes: Buffer) => answers.push(decodeMessage('inference.ModelStreamInferResponse', bytes)));
    return { opened, answers };
  };

  test('say which request was refused, also one that cannot be read', async () => {
    const { opened, answers } = stream();
    opened.write(inferRequest({ id: 'one', parameters: { triton_enable_empty_final_response: { bool_param: true } } }));
    opened.write(inferRequest({ id: 'two', raw_input_contents: [Buffer.alloc(3)] }));
    opened.write(Buffer.concat([inferRequest({ id: 'three' }), Buffer.from([0x3a, 0xff])]));
    opened.end();
    await once(opened, 'end');
    assert.deepEqual(answers.map(({ infer_response, error_message }) => [infer_response.id, error_message === '', infer_response.parameters.triton_final_response.bool_param]), [['one', true, true], ['two', false, true], ['three', false, true]]);
  });

  test('end with the error where the client asks for that', async () => {
    const { opened, answers } = stream({ triton_grpc_error: 'true' });
    const failed = once(opened, 'error');
    opened.write(inferRequest({ id: 'one' }));
    opened.write(inferRequest({ model_name: 'nobody' }));
    const [error] = (await once(opened, 'error').catch((thrown) => [thrown])) as [ServiceError];
    await failed;
    assert.deepEqual([error.code, answers.length], [Status.NOT_FOUND, 1]);
  });

  test('leave the queue when their client does', async () => {
    const slow = await gateway.worker('slow', 2);
    slow.behaviour = { kind: 'hang' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [slow.route])]));
    await until('connected', () => slow.connections === 1);
    const { opened } = stream();
    opened.on('error', () => {});
    for (let sent = 0; sent < 300; sent++) opened.write(inferRequest());
    const queued = async (): Promise<number> => Number(/lepton_queue_length\{[^}]*\} (\d+)/.exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[1]);
    await until('queued', async () => (await queued()) >= 40);
    assert.ok((await queued()) <= 64, 'no more are taken than may be under way');
    opened.cancel();
    const leftAtMs = performance.now();
    await until('empty', async () => (await queued()) === 0);
    assert.ok(performance.now() - leftAtMs < 5000);
  });
});

describe('a gateway that stops', () => {
  test('answers calls in flight, ends streams and watches, and asks clients to leave', async () => {
    const stopping = await GatewayFixture.start();
    const leaving = new Client(stopping.grpcAddress, credentials.createInsecure());
    const worker = await stopping.worker('w', 2);
    worker.behaviour = { kind: 'answer', delayMs: 600 };
    await stopping.setServices(serviceRoute('m', [versionRoute('v1', [worker.route])]));
    await until('connected', () => worker.connections === 1);
    const unary = new Promise<Buffer>((resolve, reject) => leaving.makeUnaryRequest('/inference.GRPCInferenceService/ModelInfer', same, same, inferRequest(), new Metadata(), {}, (error, bytes) => (error ? reject(error) : resolve(bytes as Buffer))));
    const watch = leaving.makeServerStreamRequest('/grpc.health.v1.Health/Watch', same, same, encodeMessage('grpc.health.v1.HealthCheckRequest', {}));
    const statuses: string[] = [];
    watch.on('data', (bytes: Buffer) => statuses.push(decodeMessage<any>('grpc.health.v1.HealthCheckResponse', bytes).status));
    const watchEnded = once(watch, 'error').catch((error) => [error]);
    const opened = leaving.makeBidiStreamRequest('/inference.GRPCInferenceService/ModelStreamInfer', same, same);
    const answers: Buffer[] = [];
    opened.on('data', (bytes: Buffer) => answers.push(bytes));
    const streamEnded = once(opened, 'error').catch((error) => [error]);
    opened.write(inferRequest({ id: 'last' }));
    await until('watched', () => statuses.length === 1);
    await until('running', () => worker.runs.length > 0);
    const begunAtMs = performance.now();
    stopping.stop(10_000);
    assert.equal(decodeMessage<any>('inference.ModelInferResponse', await unary).model_version, 'v1');
    const [[watchError], [streamError]] = (await Promise.all([watchEnded, streamEnded])) as [[ServiceError], [ServiceError]];
    assert.deepEqual([watchError.code, streamError.code, statuses.at(-1), answers.length], [Status.UNAVAILABLE, Status.UNAVAILABLE, 'NOT_SERVING', 1]);
    await until('left', () => stopping.process.exitCode === 0);
    assert.ok(performance.now() - begunAtMs < 5000);
    leaving.close();
    await stopping.close();
  });
});
