import { randomUUID } from 'node:crypto';
import { Metadata, type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { asLeptonError, LeptonError } from '../../../core/index.ts';
import type { CallContext } from '../dispatch/index.ts';
import { acceptedRequestId, type FrontDependencies } from '../front.ts';
import { EXTENSIONS, modelConfig, modelMetadata, modelReady, modelStatistics, repositoryIndex } from '../model-info.ts';
import { serverTiming } from '../rest/index.ts';
import { contextOf } from './call-context.ts';
import { decodeInferRequest, encodeInferResponse } from './infer-codec.ts';
import { decodeMessage, encodeMessage, type MessageName } from './messages.ts';
import { serveStream } from './stream-infer.ts';

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;
/** Encoded answer, and the version that gave it. */
interface Reply {
  readonly bytes: Buffer;
  readonly version?: string;
}
type Question = { readonly name: string; readonly version: string };

const STREAMS_MAX = 4096;

/** The Open Inference Protocol v2 over gRPC. Returns a server that is not bound yet. */
export function createGrpcServer(dependencies: FrontDependencies): Server {
  const server = new Server({
    'grpc.max_receive_message_length': dependencies.limits.bodyBytesMax,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': STREAMS_MAX,
    'grpc.max_metadata_size': dependencies.limits.headerBytesMax,
  });
  const unary = (answer: (bytes: Buffer, context: CallContext) => Reply) => (call: UnaryCall, done: sendUnaryData<Buffer>) => {
    try {
      const reply = answer(call.request, contextOf(call.metadata, call.getDeadline()));
      if (reply.version !== undefined) call.sendMetadata(versionMetadata(reply.version));
      done(null, reply.bytes);
    } catch (thrown) {
      done(statusOf(asLeptonError(thrown)), null);
    }
  };
  const answers = informationAnswers(dependencies);
  const implementation: UntypedServiceImplementation = {
    ...Object.fromEntries(Object.entries(answers).map(([method, answer]) => [method, unary(answer)])),
    ModelInfer: (call: UnaryCall, done: sendUnaryData<Buffer>) => void serveInfer(dependencies, call, done),
    ModelStreamInfer: (call: Parameters<typeof serveStream>[1]) => serveStream(dependencies, call),
  };
  server.addService(definitionOf([...Object.keys(answers), 'ModelInfer'], ['ModelStreamInfer']), implementation);
  return server;
}

/** Binds it; resolves with the real port, rejects when the address cannot be had. */
export function listenGrpc(server: Server, address: { host: string; port: number }): Promise<number> {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${address.port}`, ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port)));
  });
}

function informationAnswers({ plane, platformVersion }: FrontDependencies): Readonly<Record<string, (bytes: Buffer, context: CallContext) => Reply>> {
  const ask = (bytes: Buffer): Question => decodeMessage<Question>('ModelReadyRequest', bytes);
  const reply = (name: MessageName, value: object, version?: string): Reply => ({ bytes: encodeMessage(name, value), ...(version !== undefined && { version }) });
  return {
    ServerLive: () => reply('ServerLiveResponse', { live: true }),
    ServerReady: () => reply('ServerReadyResponse', { ready: plane.ready }),
    ServerMetadata: () => reply('ServerMetadataResponse', { name: 'lepton-ai', version: platformVersion, extensions: EXTENSIONS }),
    ModelReady: (bytes, context) => {
      const { name, version } = ask(bytes);
      try {
        const ready = modelReady(plane, name, version || null, context);
        return reply('ModelReadyResponse', { ready: ready.body }, ready.version);
      } catch (error) {
        // Whether it is ready has an answer for what is not there: no. Triton's clients expect it over gRPC.
        if (error instanceof LeptonError && error.httpStatus === 404) return reply('ModelReadyResponse', { ready: false });
        throw error;
      }
    },
    ModelMetadata: (bytes, context) => {
      const { name, version } = ask(bytes);
      const metadata = modelMetadata(plane, name, version || null, context);
      return reply('ModelMetadataResponse', metadata.body, metadata.version);
    },
    ModelConfig: (bytes, context) => {
      const { name, version } = ask(bytes);
      const config = modelConfig(plane, name, version || null, context);
      return reply('ModelConfigResponse', { config: config.body }, config.version);
    },
    ModelStatistics: (bytes, context) => {
      const { name, version } = ask(bytes);
      return reply('ModelStatisticsResponse', modelStatistics(plane, name || null, version || null, context));
    },
    RepositoryIndex: (bytes) => {
      const { ready } = decodeMessage<{ ready: boolean }>('RepositoryIndexRequest', bytes);
      return reply('RepositoryIndexResponse', { models: repositoryIndex(plane, ready) });
    },
  };
}

async function serveInfer(dependencies: FrontDependencies, call: UnaryCall, done: sendUnaryData<Buffer>): Promise<void> {
  const startedAtMs = performance.now();
  const requestId = acceptedRequestId(call.metadata.get('x-request-id')[0]) ?? randomUUID();
  let service: string | null = null;
  let version: string | null = null;
  let failure: LeptonError | null = null;
  try {
    const request = decodeInferRequest(call.request);
    service = request.model;
    const inference = dependencies.plane.infer(request, contextOf(call.metadata, call.getDeadline()));
    call.on('cancelled', () => inference.cancel());
    const answer = await inference.answer.finally(() => (version = inference.version));
    const metadata = versionMetadata(answer.version);
    metadata.set('lepton-prediction-id', answer.predictionId);
    metadata.set('server-timing', serverTiming(answer.timing));
    metadata.set('x-request-id', requestId);
    call.sendMetadata(metadata);
    done(null, encodeInferResponse(answer));
  } catch (thrown) {
    failure = asLeptonError(thrown);
    done(statusOf(failure, version), null);
  }
  const durationMs = performance.now() - startedAtMs;
  dependencies.onCall({ protocol: 'grpc', requestId, service, version, code: failure?.code ?? 'OK', message: failure?.message ?? '', durationMs });
}

function versionMetadata(version: string): Metadata {
  const metadata = new Metadata();
  metadata.set('lepton-version', version);
  return metadata;
}

function statusOf(error: LeptonError, version: string | null = null): { code: number; details: string; metadata: Metadata } {
  const metadata = new Metadata();
  metadata.set('lepton-code', error.code);
  if (version !== null) metadata.set('lepton-version', version);
  if (error.retryAfterSeconds !== undefined) metadata.set('retry-after', String(Math.max(1, Math.ceil(error.retryAfterSeconds))));
  return { code: error.grpcStatus, details: error.message, metadata };
}

/** Bytes go through untouched: we decode ourselves, so that a bad message is INVALID_ARGUMENT and not INTERNAL. */
function definitionOf(unary: readonly string[], streams: readonly string[]): ServiceDefinition {
  const same = (bytes: Buffer): Buffer => bytes;
  const method = (name: string, stream: boolean) => ({
    path: `/inference.GRPCInferenceService/${name}`,
    requestStream: stream,
    responseStream: stream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  });
  return Object.fromEntries([...unary.map((name) => [name, method(name, false)]), ...streams.map((name) => [name, method(name, true)])]);
}
