import { errorFromResponse, LeptonApiError } from './errors.ts';
import { type FeedbackInput, type FeedbackReceipt, type FeedbackResult, feedbackToWire, fromWire, type WireResults } from './feedback.ts';
import { type Datatype, datatypeOf, type TensorInput, type TensorOutput, tensorBytes, tensorValues, valuesFromJson } from './tensors.ts';
import { type Answer, fetchTransport, nodeTransport, type Transport } from './transport.ts';

export interface InferenceClientOptions {
  /** `http://127.0.0.1:8080` */
  readonly url: string;
  /** Sent with every request, for example the header that a service's traffic is sticky by. */
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of Node's own HTTP client, which costs less than half of fetch's CPU: for browsers and for tests. */
  readonly fetch?: typeof fetch;
}

export type InferenceInput = Readonly<Record<string, TensorInput>>;

export interface InferenceOptions {
  /** A version or label; absent: the service's traffic policy chooses. */
  readonly version?: string;
  /** Outputs wanted; absent: all. */
  readonly outputs?: readonly string[];
  readonly id?: string;
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Also the deadline that the server keeps. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Milliseconds spent where, as the server measured them. */
export interface Timings {
  readonly queueMs?: number;
  readonly batchMs?: number;
  readonly runMs?: number;
  readonly totalMs?: number;
  readonly batchSize?: number;
}

export interface InferenceResult {
  /** The version that answered. */
  readonly version: string;
  /** Joins later feedback to this answer. */
  readonly predictionId: string | undefined;
  readonly requestId: string | undefined;
  readonly timings: Timings;
  readonly outputs: Readonly<Record<string, TensorOutput>>;
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** `untyped`: the model does not say what it takes or gives; datatype and shape do not bind. */
  readonly parameters?: { readonly untyped?: boolean };
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  /** The version that this describes: what the traffic policy gives to a request with the same headers. */
  readonly version: string | undefined;
}

interface WireOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data?: readonly unknown[];
  readonly parameters?: { readonly binary_data_size?: number };
}
interface WireAnswer {
  readonly id?: string;
  readonly model_version?: string;
  readonly outputs?: readonly WireOutput[];
}

/** How much longer than the server's deadline its answer to that is waited for. */
const ANSWER_MARGIN_MS = 500;

/** The Open Inference Protocol v2 over HTTP with binary tensors. Rejects with LeptonApiError. */
export class InferenceClient {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #send: Transport;

  constructor(options: InferenceClientOptions) {
    this.url = options.url.replace(/\/+$/, '');
    this.#headers = options.headers ?? {};
    this.#send = options.fetch ? fetchTransport(this.url, options.fetch) : nodeTransport(this.url);
  }

  /** Whether the model (or one version of it) can answer now. */
  async ready(model: string, version?: string): Promise<boolean> {
    const { status } = await this.#send('GET', `${modelPath(model, version)}/ready`, { headers: this.#headers });
    return status === 200;
  }

  async metadata(model: string, options: Pick<InferenceOptions, 'version' | 'headers' | 'signal'> = {}): Promise<ModelMetadata> {
    const answer = await this.#send('GET', modelPath(model, options.version), { headers: { ...this.#headers, ...options.headers }, signal: options.signal });
    return { ...(JSON.parse(textOf(answer)) as ModelMetadata), version: answer.header('lepton-version') };
  }

  /** Beyond `timeoutMs` it rejects with DEADLINE_EXCEEDED: the server's own, which says where the time went, if it comes in time. */
  async infer(model: string, inputs: InferenceInput, options: InferenceOptions = {}): Promise<InferenceResult> {
    const { head, chunks } = encodeRequest(inputs, options);
    const { timeoutMs, signal } = options;
    const timer = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs + ANSWER_MARGIN_MS);
    const answer = await this.#send('POST', `${modelPath(model, options.version)}/infer`, {
      headers: { ...this.#headers, ...options.headers, 'content-type': 'application/octet-stream', 'inference-header-content-length': String(head.byteLength) },
      body: [head, ...chunks],
      signal: timer && signal ? AbortSignal.any([timer, signal]) : (timer ?? signal),
    }).catch((error: unknown) => {
      if (timer?.aborted && error === timer.reason) throw new LeptonApiError(`the deadline of ${timeoutMs} ms passed without an answer`, { code: 'DEADLINE_EXCEEDED', status: 0, cause: error });
      throw error;
    });
    if (answer.status !== 200) textOf(answer);
    return decodeAnswer(answer);
  }

  /**
   * Says how good an answer was; resolves when that is stored. Rejects with FEEDBACK_UNKNOWN, FEEDBACK_DUPLICATE or FEEDBACK_TOO_LATE;
   * after SERVER_UNREACHABLE and CONTROL_UNAVAILABLE send it again: what was stored then is a duplicate. Of a list (at most 1000) each
   * entry has a result of its own, in order.
   */
  async sendFeedback(input: FeedbackInput): Promise<FeedbackReceipt>;
  async sendFeedback(inputs: readonly FeedbackInput[]): Promise<FeedbackResult[]>;
  async sendFeedback(input: FeedbackInput | readonly FeedbackInput[]): Promise<FeedbackReceipt | FeedbackResult[]> {
    const many = Array.isArray(input) as boolean;
    const message = many ? (input as readonly FeedbackInput[]).map(feedbackToWire) : feedbackToWire(input as FeedbackInput);
    const answer = await this.#send('POST', '/v2/feedback', { headers: { ...this.#headers, 'content-type': 'application/json' }, body: [new TextEncoder().encode(JSON.stringify(message))] });
    const value: unknown = JSON.parse(textOf(answer));
    return many ? (value as WireResults).results.map((result) => fromWire<FeedbackResult>(result)) : fromWire<FeedbackReceipt>(value as Parameters<typeof fromWire<FeedbackReceipt>>[0]);
  }
}

const modelPath = (model: string, version: string | undefined): string => `/v2/models/${encodeURIComponent(model)}${version === undefined ? '' : `/versions/${encodeURIComponent(version)}`}`;

/** The body as text; throws what an error's body says. */
function textOf(answer: Answer): string {
  const text = new TextDecoder().decode(answer.bytes);
  if (answer.status !== 200) throw errorFromResponse(answer, text);
  return text;
}

function encodeRequest(inputs: InferenceInput, options: InferenceOptions): { head: Uint8Array; chunks: Uint8Array[] } {
  const chunks: Uint8Array[] = [];
  const described = Object.entries(inputs).map(([name, tensor]) => {
    const datatype = tensor.datatype ?? datatypeOf(tensor.data);
    const bytes = tensorBytes(tensor.data, datatype, name);
    chunks.push(bytes);
    return { name, datatype, shape: tensor.shape, parameters: { binary_data_size: bytes.byteLength } };
  });
  // `timeout` in microseconds is what Triton's own clients send.
  const parameters = { ...options.parameters, ...(options.timeoutMs === undefined ? {} : { timeout: Math.round(options.timeoutMs * 1000) }) };
  const message = {
    ...(options.id === undefined ? {} : { id: options.id }),
    parameters: options.outputs ? parameters : { ...parameters, binary_data_output: true },
    inputs: described,
    ...(options.outputs ? { outputs: options.outputs.map((name) => ({ name, parameters: { binary_data: true } })) } : {}),
  };
  return { head: new TextEncoder().encode(JSON.stringify(message)), chunks };
}

function decodeAnswer({ status, header, bytes }: Answer): InferenceResult {
  const headBytes = Number(header('inference-header-content-length') ?? bytes.byteLength);
  const answer = JSON.parse(new TextDecoder().decode(bytes.subarray(0, headBytes))) as WireAnswer;
  const outputs: Record<string, TensorOutput> = Object.create(null);
  let offset = headBytes;
  for (const { name, datatype, shape, data, parameters } of answer.outputs ?? []) {
    const size = parameters?.binary_data_size;
    if (size !== undefined && offset + size > bytes.byteLength) throw new LeptonApiError('the answer is shorter than it says', { code: 'SERVER_UNREACHABLE', status });
    outputs[name] = { name, datatype, shape, data: size === undefined ? valuesFromJson(data ?? [], datatype) : tensorValues(bytes.subarray(offset, offset + size), datatype) };
    offset += size ?? 0;
  }
  return {
    version: header('lepton-version') ?? answer.model_version ?? '',
    predictionId: header('lepton-prediction-id'),
    requestId: header('x-request-id'),
    timings: parseTimings(header('server-timing')),
    outputs,
  };
}

const TIMING_NAMES: Readonly<Record<string, keyof Timings>> = { queue: 'queueMs', batch: 'batchMs', run: 'runMs', total: 'totalMs' };

/** Reads `server-timing: queue;dur=0.1, batch;dur=0.2;desc="4", run;dur=2.3, total;dur=2.9`: milliseconds, and the rows of the run. */
export function parseTimings(header: string | null | undefined): Timings {
  const timings: { -readonly [Key in keyof Timings]: Timings[Key] } = {};
  for (const [, name = '', value, rows] of (header ?? '').matchAll(/([a-z]+);dur=([\d.]+)(?:;desc="(\d+)")?/g)) {
    const key = TIMING_NAMES[name];
    if (key) timings[key] = Number(value);
    if (name === 'batch' && rows !== undefined) timings.batchSize = Number(rows);
  }
  return timings;
}
