import type { WireAnswer } from './answer-parser.ts';

/** The service under attack: INPUT0, INPUT1 → sum and difference, 16 INT32 a row. */
export const MODEL = 'add_sub';
const WIDTH = 16;

const first = (seed: number): number[] => Array.from({ length: WIDTH }, (_, index) => seed + index);
const second = (seed: number): number[] => Array.from({ length: WIDTH }, (_, index) => seed * 2 - index);

/** The JSON of an inference whose answer depends on `seed` and whose id names it. */
export function inferJson(seed: number, id = `id-${seed}`): string {
  const input = (name: string, data: readonly number[]): object => ({ name, datatype: 'INT32', shape: [1, WIDTH], data });
  return JSON.stringify({ id, inputs: [input('INPUT0', first(seed)), input('INPUT1', second(seed))] });
}

/** A body of JSON and binary tensors, and where the JSON ends. */
export function inferBinary(seed: number, rows = 1, id = `id-${seed}`): { body: Buffer; jsonBytes: number } {
  const repeat = (row: readonly number[]): Buffer => Buffer.from(Int32Array.from(Array.from({ length: rows }, () => row).flat()).buffer);
  const data = [repeat(first(seed)), repeat(second(seed))];
  const inputs = data.map(({ length }, index) => ({ name: `INPUT${index}`, datatype: 'INT32', shape: [rows, WIDTH], parameters: { binary_data_size: length } }));
  const json = Buffer.from(JSON.stringify({ id, inputs, parameters: { binary_data_output: true } }));
  return { body: Buffer.concat([json, ...data]), jsonBytes: json.length };
}

export interface RequestParts {
  readonly method?: string;
  readonly target?: string;
  readonly version?: string;
  /** Besides those below; `false` leaves out the default one of that name. */
  readonly headers?: Readonly<Record<string, string | number | false>>;
  readonly body?: string | Uint8Array;
}

/** One well-formed request, unless the parts say otherwise; host and content-length come by themselves. */
export function request({ method = 'POST', target = `/v2/models/${MODEL}/infer`, version = 'HTTP/1.1', headers = {}, body }: RequestParts): Buffer {
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body);
  const all: NonNullable<RequestParts['headers']> = { host: 'localhost', ...(body !== undefined && { 'content-length': bytes.length }), ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === false ? [] : [`${name}: ${value}\r\n`]));
  return Buffer.concat([Buffer.from(`${method} ${target} ${version}\r\n${lines.join('')}\r\n`, 'latin1'), bytes]);
}

/** The text as one chunk, and the end of the body (RFC 9112, 7.1). */
export const chunked = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** A good inference over JSON. */
export const inferRequest = (seed: number, headers: RequestParts['headers'] = {}): Buffer => request({ headers: { 'content-type': 'application/json', ...headers }, body: inferJson(seed) });

/** A good inference over binary tensors both ways. */
export function binaryRequest(seed: number, rows = 1, headers: RequestParts['headers'] = {}): Buffer {
  const { body, jsonBytes } = inferBinary(seed, rows);
  return request({ headers: { 'inference-header-content-length': jsonBytes, ...headers }, body });
}

export const LIVE = request({ method: 'GET', target: '/v2/health/live' });

/** What is wrong with the answer to `inferJson(seed)`; null: nothing. */
export function wrongWith(answer: WireAnswer | undefined, seed: number, id = `id-${seed}`): string | null {
  if (!answer) return 'no answer';
  if (answer.status !== 200) return `${answer.status} ${answer.body.toString('utf8', 0, 300)}`;
  const jsonBytes = answer.headers.get('inference-header-content-length');
  const text = answer.body.toString('utf8', 0, jsonBytes === undefined ? undefined : Number(jsonBytes));
  const value = JSON.parse(text) as { id?: string; outputs: { name: string; data?: number[] }[] };
  if ((value.id ?? '') !== id) return `the answer of '${value.id}' instead of '${id}'`;
  const data = jsonBytes === undefined ? value.outputs.map((output) => output.data ?? []) : binaryOutputs(answer.body.subarray(Number(jsonBytes)), value.outputs.length);
  const expected = [first(seed).map((x, index) => x + (second(seed)[index] as number)), first(seed).map((x, index) => x - (second(seed)[index] as number))];
  return JSON.stringify(data.map((values) => values.slice(0, WIDTH))) === JSON.stringify(expected) ? null : `wrong numbers ${JSON.stringify(data).slice(0, 200)}`;
}

function binaryOutputs(bytes: Buffer, count: number): number[][] {
  const each = bytes.length / count;
  return Array.from({ length: count }, (_, index) => [...new Int32Array(new Uint8Array(bytes.subarray(index * each, (index + 1) * each)).buffer)]);
}

/** The reason that a refusal gives; throws when it gives none. */
export function reasonOf(answer: WireAnswer): string {
  const { error } = JSON.parse(answer.body.toString('utf8')) as { error?: unknown };
  if (typeof error !== 'string' || error.length < 8) throw new Error(`${answer.status} without a reason: ${answer.body.toString('utf8', 0, 200)}`);
  return error;
}
