import { randomUUID } from 'node:crypto';
import { type handleUnaryCall, Metadata, Server, type sendUnaryData, type ServerErrorResponse, ServerCredentials, type ServerDuplexStream, type ServerUnaryCall, type ServiceDefinition, type UntypedHandleCall, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { asLeptonError, type LeptonError } from '../../../core/index.ts';
import type { InferenceAnswer } from '../codec/index.ts';
import type { CallContext, InferenceCall } from '../dispatch/index.ts';
import { acceptedRequestId, type FrontDependencies } from '../front.ts';
import { EXTENSIONS, modelConfig, modelMetadata, modelReady, modelStatistics, repositoryIndex } from '../model-info.ts';
import { serverTiming } from '../rest/reply.ts';
import { decodeModelInfer } from './decode-infer.ts';
import { messageType, type ModelInferMessage, type ModelQuestion } from './messages.ts';

/** Requests of one stream that may be under way; beyond that the stream is not read. */
const STREAM_IN_FLIGHT_MAX = 64;

type Unary = handleUnaryCall<ModelQuestion & { readonly ready: boolean }, object>;
type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getDeadline'>;
type Recorder = (version: string | null, error: LeptonError | null) => void;

/**
 * The Open Inference Protocol v2 over gRPC, on the same data plane as REST. Answers carry raw contents; errors carry the
 * table's gRPC status, our code in `lepton-code` and, where a retry makes sense, `retry-after` in their metadata.
 */
export class GrpcFront {
  readonly #server: Server;
  readonly #dependencies: FrontDependencies;

  constructor(dependencies: FrontDependencies) {
    this.#dependencies = dependencies;
    this.#server = new Server({
      'grpc.max_receive_message_length': dependencies.limits.bodyBytesMax,
      // Answers are as large as their version makes them.
      'grpc.max_send_message_length': -1,
      'grpc.max_concurrent_streams': 1024,
    });
    this.#server.addService(SERVICE, this.#handlers());
  }

  /** Resolves with the port that was bound; rejects when it is taken. */
  listen(host: string, port: number): Promise<number> {
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new Promise((resolve, reject) => this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
  }

  /** Takes no new calls; resolves when the open ones have ended. */
  drain(): Promise<void> {
    return new Promise((resolve) => this.#server.tryShutdown(() => resolve()));
  }

  destroy(): void {
    this.#server.forceShutdown();
  }

  #handlers(): UntypedServiceImplementation & Record<keyof typeof METHODS, UntypedHandleCall> {
    const { plane, platformVersion } = this.#dependencies;
    type Ask = (question: { name: string; version: string | null; ready: boolean }, context: CallContext) => object;
    const answering = (ask: Ask): UntypedHandleCall => this.#answering((call) => ask({ name: call.request.name, version: call.request.version || null, ready: call.request.ready }, contextOf(call))) as UntypedHandleCall;
    return {
      ServerLive: answering(() => ({ live: true })),
      ServerReady: answering(() => ({ ready: plane.ready })),
      ServerMetadata: answering(() => ({ name: 'lepton-ai', version: platformVersion, extensions: EXTENSIONS })),
      ModelReady: answering(({ name, version }, context) => ({ ready: modelReady(plane, name, version, context).body })),
      ModelMetadata: answering(({ name, version }, context) => modelMetadata(plane, name, version, context).body),
      ModelConfig: answering(({ name, version }, context) => ({ config: modelConfig(plane, name, version, context).body })),
      ModelStatistics: answering(({ name, version }, context) => modelStatistics(plane, name || null, version, context)),
      RepositoryIndex: answering(({ ready }) => ({ models: repositoryIndex(plane, ready) })),
      ModelInfer: ((call: ServerUnaryCall<ModelInferMessage, object>, callback: sendUnaryData<object>) => void this.#infer(call, callback)) as UntypedHandleCall,
      ModelStreamInfer: ((stream: ServerDuplexStream<ModelInferMessage, object>) => this.#stream(stream)) as UntypedHandleCall,
    };
  }

  #answering(answer: (call: Parameters<Unary>[0]) => object): Unary {
    return (call, callback) => {
      try {
        callback(null, answer(call));
      } catch (thrown) {
        callback(this.#failure(asLeptonError(thrown), null));
      }
    };
  }

  async #infer(call: ServerUnaryCall<ModelInferMessage, object>, callback: sendUnaryData<object>): Promise<void> {
    const record = this.#recorder(call.request.model_name, call);
    let started: InferenceCall | null = null;
    try {
      started = this.#dependencies.plane.infer(decodeModelInfer(call.request), contextOf(call));
      call.on('cancelled', () => started?.cancel());
      const answer = await started.answer;
      const metadata = new Metadata();
      metadata.set('lepton-version', answer.version);
      metadata.set('lepton-prediction-id', answer.predictionId);
      metadata.set('server-timing', serverTiming(answer.timing));
      call.sendMetadata(metadata);
      callback(null, answerMessage(answer));
      record(answer.version, null);
    } catch (thrown) {
      const error = asLeptonError(thrown);
      callback(this.#failure(error, started?.version ?? null));
      record(started?.version ?? null, error);
    }
  }

  /** Answers leave in the order of their requests; an error is an answer too and the stream goes on. */
  #stream(stream: ServerDuplexStream<ModelInferMessage, object>): void {
    const calls = new Set<InferenceCall>();
    let last: Promise<void> = Promise.resolve();
    let open = true;
    const context = contextOf(stream);
    stream.on('data', (message: ModelInferMessage) => {
      const answered = this.#streamAnswer(message, context, calls, this.#recorder(message.model_name, stream));
      if (calls.size >= STREAM_IN_FLIGHT_MAX) stream.pause();
      last = last.then(async () => {
        const response = await answered;
        if (open) stream.write(response);
        if (calls.size < STREAM_IN_FLIGHT_MAX) stream.resume();
      });
    });
    stream.on('end', () => void last.then(() => open && stream.end()));
    const abandon = (): void => {
      open = false;
      for (const call of calls) call.cancel();
    };
    stream.on('cancelled', abandon);
    stream.on('error', abandon);
  }

  async #streamAnswer(message: ModelInferMessage, context: CallContext, calls: Set<InferenceCall>, record: Recorder): Promise<object> {
    let call: InferenceCall | null = null;
    try {
      call = this.#dependencies.plane.infer(decodeModelInfer(message), context);
      calls.add(call);
      const answer = await call.answer;
      record(answer.version, null);
      return { error_message: '', infer_response: answerMessage(answer) };
    } catch (thrown) {
      const error = asLeptonError(thrown);
      record(call?.version ?? null, error);
      return { error_message: error.message, infer_response: { model_name: message.model_name, model_version: message.model_version, id: message.id } };
    } finally {
      if (call) calls.delete(call);
    }
  }

  #recorder(service: string, call: AnyCall): Recorder {
    const startedAtMs = performance.now();
    const requestId = acceptedRequestId(call.metadata.get('x-request-id')[0]) ?? randomUUID();
    return (version, error) => {
      const durationMs = performance.now() - startedAtMs;
      this.#dependencies.onCall({ protocol: 'grpc', requestId, service: service || null, version, code: error?.code ?? 'OK', message: error?.message ?? '', durationMs });
    };
  }

  #failure(error: LeptonError, version: string | null): Partial<ServerErrorResponse> {
    const metadata = new Metadata();
    metadata.set('lepton-code', error.code);
    if (version !== null) metadata.set('lepton-version', version);
    if (error.retryAfterSeconds !== undefined) metadata.set('retry-after', String(Math.ceil(error.retryAfterSeconds)));
    return { code: error.grpcStatus, details: error.message, metadata };
  }
}

function contextOf(call: AnyCall): CallContext {
  const deadline = call.getDeadline();
  const timeoutMs = Number(deadline) - Date.now();
  return {
    header: (name) => {
      const value = call.metadata.get(name)[0];
      return value === undefined ? undefined : String(value);
    },
    timeoutMs: Number.isFinite(timeoutMs) ? Math.max(0, timeoutMs) : undefined,
  };
}

function answerMessage(answer: InferenceAnswer): object {
  return {
    model_name: answer.model,
    model_version: answer.version,
    id: answer.id,
    parameters: { 'lepton-prediction-id': { string_param: answer.predictionId } },
    outputs: answer.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    raw_output_contents: answer.outputs.map((tensor) => tensor.data),
  };
}

/** Method → request and response message, and whether both are streams. */
const METHODS = {
  ServerLive: ['ServerLiveRequest', 'ServerLiveResponse', false],
  ServerReady: ['ServerReadyRequest', 'ServerReadyResponse', false],
  ServerMetadata: ['ServerMetadataRequest', 'ServerMetadataResponse', false],
  ModelReady: ['ModelReadyRequest', 'ModelReadyResponse', false],
  ModelMetadata: ['ModelMetadataRequest', 'ModelMetadataResponse', false],
  ModelConfig: ['ModelConfigRequest', 'ModelConfigResponse', false],
  ModelStatistics: ['ModelStatisticsRequest', 'ModelStatisticsResponse', false],
  RepositoryIndex: ['RepositoryIndexRequest', 'RepositoryIndexResponse', false],
  ModelInfer: ['ModelInferRequest', 'ModelInferResponse', false],
  ModelStreamInfer: ['ModelInferRequest', 'ModelStreamInferResponse', true],
} as const;

const SERVICE: ServiceDefinition = Object.fromEntries(
  Object.entries(METHODS).map(([method, [request, response, stream]]) => {
    const requestType = messageType(request);
    const responseType = messageType(response);
    return [
      method,
      {
        path: `/inference.GRPCInferenceService/${method}`,
        requestStream: stream,
        responseStream: stream,
        requestSerialize: (value: object) => Buffer.from(requestType.encode(value).finish()),
        requestDeserialize: (bytes: Buffer) => requestType.decode(bytes),
        responseSerialize: (value: object) => Buffer.from(responseType.encode(responseType.fromObject(value)).finish()),
        responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
      },
    ];
  }),
);
