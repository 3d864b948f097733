import { type Datatype, elementFault, type InferenceInput, type ModelMetadata, shownElement, type TensorInput, type TensorOutput } from '../../clients/typescript/src/index.ts';
import { CliError, ExitCode } from './exit-codes.ts';

/** JSON whose whole numbers beyond 2^53 become bigints, so that INT64 arrives as it was written. Numbers beyond every float are refused. */
export function parseExactJson(text: string, place: string): unknown {
  const exact = (_key: string, value: unknown, context: { source?: string }): unknown => {
    if (typeof value !== 'number' || context.source === undefined) return value;
    if (!Number.isFinite(value)) throw new Error(`${context.source.slice(0, 80)} is beyond the range of every float; write "Infinity" if it is meant`);
    return /^-?\d+$/.test(context.source) && !Number.isSafeInteger(value) ? BigInt(context.source) : value;
  };
  try {
    return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
  } catch (error) {
    throw new CliError(`${place}: ${(error as Error).message}`, ExitCode.usage);
  }
}

/** `name=JSON` as a tensor of the model's datatype; its shape is that of the nested lists. */
export function inputOf(text: string, metadata: ModelMetadata): [string, TensorInput] {
  const at = text.indexOf('=');
  const name = text.slice(0, Math.max(0, at));
  const spec = metadata.inputs.find((input) => input.name === name);
  if (at < 1) throw new CliError(`--input ${JSON.stringify(text)} is not name=JSON`, ExitCode.usage, `for example --input '${metadata.inputs[0]?.name ?? 'x'}=[[1,2,3]]'`);
  if (!spec) throw new CliError(`the model has no input ${JSON.stringify(name)}; it has ${metadata.inputs.map((input) => `${input.name} ${input.datatype}[${input.shape.join(',')}]`).join(', ')}`, ExitCode.usage);
  const value = parseExactJson(text.slice(at + 1), `--input ${name}`);
  const shape = shapeOf(value);
  return [name, { datatype: spec.datatype, shape, data: elementsOf(value, spec.datatype, name, shape) }];
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...(value.length ? shapeOf(value[0]) : [])] : [];
}

/** What JSON has no numbers for. */
const NOT_FINITE: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Number.POSITIVE_INFINITY, '-Infinity': Number.NEGATIVE_INFINITY };

/** The elements of nested lists, checked; a list that is not as long as `shape` says, or an element that is none, is a usage error naming it. */
function elementsOf(value: unknown, datatype: Datatype, name: string, shape: readonly number[] | null): TensorInput['data'] {
  const elements: unknown[] = [];
  const at: number[] = [];
  const place = (): string => `${name}${at.map((index) => `[${index}]`).join('')}`;
  const float = /^(FP|BF)/.test(datatype);
  const visit = (level: unknown): void => {
    const length = shape?.[at.length];
    if (shape && Array.isArray(level) !== (length !== undefined)) throw new CliError(`${place()} is ${shownElement(level)}, where the lists before it have ${length === undefined ? 'an element' : `a list of ${length}`}`, ExitCode.usage);
    if (!Array.isArray(level)) return void elements.push(checked(level));
    if (length !== undefined && level.length !== length) throw new CliError(`${place()} is a list of ${level.length}, where the lists before it have ${length}`, ExitCode.usage);
    level.forEach((inner, index) => {
      at.push(index);
      visit(inner);
      at.pop();
    });
  };
  const checked = (given: unknown): unknown => {
    const element = float && typeof given === 'string' ? (NOT_FINITE[given] ?? given) : given;
    const expected = elementFault(element, datatype);
    if (expected) throw new CliError(`${place()} is ${shownElement(element)}, not ${expected} (${datatype})${float ? '; "NaN", "Infinity" and "-Infinity" may be written as texts' : ''}`, ExitCode.usage);
    return element;
  };
  visit(value);
  return elements as unknown as TensorInput['data'];
}

interface RequestFile {
  readonly inputs?: readonly { readonly name: string; readonly datatype: Datatype; readonly shape: readonly number[]; readonly data: unknown }[];
  readonly outputs?: readonly { readonly name: string }[];
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

/** A request in the protocol's JSON form. */
export function requestOf(file: unknown, place: string): { inputs: InferenceInput; outputs?: readonly string[]; parameters?: Readonly<Record<string, string | number | boolean>> } {
  const request = file as RequestFile;
  if (!Array.isArray(request?.inputs)) throw new CliError(`${place}: a request needs "inputs": [{name, datatype, shape, data}]`, ExitCode.usage);
  const inputs = request.inputs.map(({ name, datatype, shape, data }) => [name, { datatype, shape, data: elementsOf(data, datatype, name, null) }] as const);
  return { inputs: Object.fromEntries(inputs), ...(request.outputs ? { outputs: request.outputs.map(({ name }) => name) } : {}), ...(request.parameters ? { parameters: request.parameters } : {}) };
}

/** Values of an output as JSON has them: numbers, booleans and texts; 64-bit integers beyond 2^53 as text. */
export function outputValues(output: TensorOutput): unknown[] {
  const { data, datatype } = output;
  if (datatype === 'BYTES') return (data as readonly Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes));
  if (datatype === 'BOOL') return Array.from(data as Uint8Array, (value) => value !== 0);
  if (datatype === 'FP16') return Array.from(new Float16Array((data as Uint16Array).buffer as ArrayBuffer), finite);
  if (datatype === 'BF16') return Array.from(data as Uint16Array, (bits) => finite(new Float32Array(new Uint32Array([bits << 16]).buffer)[0] as number));
  return Array.from(data as Iterable<number | bigint>, (value) => (typeof value === 'bigint' ? exactInteger(value) : finite(datatype === 'FP32' ? shortFloat(value) : value)));
}

const exactInteger = (value: bigint): number | string => (Number.isSafeInteger(Number(value)) ? Number(value) : String(value));
/** JSON has no NaN and no infinities. */
const finite = (value: number): number | string => (Number.isFinite(value) ? value : String(value));
/** The shortest decimal number that is the same float: 0.1, not 0.10000000149011612. */
function shortFloat(value: number): number {
  if (!Number.isFinite(value)) return value;
  for (let digits = 6; digits < 9; digits++) if (Math.fround(Number(value.toPrecision(digits))) === value) return Number(value.toPrecision(digits));
  return value;
}
