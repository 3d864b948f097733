/** Properties of the doors for other servers' clients, whose values a signature decodes. */
import assert from 'node:assert/strict';
import { rowsToJson, tensorsToJson } from '../../src/api/inference/doors/json/nested-json.ts';
import { parseBody } from '../../src/api/inference/doors/json/parse.ts';
import { tensorsFromInputs, tensorsFromInstances } from '../../src/api/inference/doors/json/signature-tensors.ts';
import { readInvocation } from '../../src/api/inference/doors/mlflow/invocation.ts';
import { readPredictRequest } from '../../src/api/inference/doors/tensorflow-serving/predict.ts';
import { LeptonError, type Tensor, type VersionRoute } from '../../src/core/index.ts';
import { versionRoute } from '../../src/testing/gateway-fixture.ts';
import { asTensor, type MadeTensor, makeTensor, makeText } from './made-tensors.ts';
import { mutateBytes, mutateJson } from './mutate.ts';
import type { Random } from './random.ts';

/** Each throws when it does not hold for the request that chance makes. */
export const DOOR_PROPERTIES: Readonly<Record<string, (random: Random) => void>> = {
  'rows and columns of JSON mean what the oracle says': (random) => {
    const { inputs, route } = makeInputs(random);
    const rows = inputs[0]?.shape[0] as number;
    const named = `[${Array.from({ length: rows }, (_, row) => `{${random.shuffled(inputs).map((input) => `${JSON.stringify(input.name)}:${nested(input, row)}`).join(',')}}`).join(',')}]`;
    const columns = `{${random.shuffled(inputs).map((input) => `${JSON.stringify(input.name)}:${nested(input)}`).join(',')}}`;
    const { instances, all } = parseBody(Buffer.from(`{"instances":${named},"all":${columns}}`));
    for (const decoded of [tensorsFromInstances(route, instances), tensorsFromInputs(route, all)]) assert.deepEqual(decoded.map(plain), inputs.map(expected));
  },
  'an answer, by tensor or by row, is read back as itself': (random) => {
    const { inputs, route } = makeInputs(random);
    const tensors = inputs.map((input) => (input.datatype === 'BYTES' ? withAnyBytes(random, input) : asTensor(input)));
    const [first] = tensors;
    const { all, rows } = parseBody(Buffer.from(`{"all":${tensorsToJson(tensors)},"rows":${rowsToJson(tensors, first?.shape[0] as number)}}`));
    for (const decoded of [tensorsFromInputs(route, all), tensorsFromInstances(route, rows)]) assert.deepEqual(decoded.map(plain), tensors.map(plain));
  },
  'CSV means what the oracle says': (random) => {
    const { inputs, route } = makeInputs(random, 1);
    if (!inputs.some(({ datatype }) => datatype === 'BYTES')) assert.deepEqual(readInvocation('text/csv', Buffer.from(csvOf(inputs))).decode(route).map(plain), inputs.map(expected));
  },
  'changed bodies are refused with a reason, or mean something': (random) => {
    const { inputs, route } = makeInputs(random);
    const body = { [random.pick(['instances', 'inputs', 'dataframe_records'])]: [Object.fromEntries(inputs.map((input) => [input.name, JSON.parse(nested(input, 0)) as unknown]))], params: { priority: 1 } };
    const text = Buffer.from(JSON.stringify(random.chance(0.5) ? mutateJson(random, body) : body) ?? '');
    const changed = random.chance(0.7) ? mutateBytes(random, text) : text;
    attempt(() => readPredictRequest(parseBody(changed)).decode(route));
    attempt(() => readInvocation('application/json', changed).decode(route));
    attempt(() => readInvocation('text/csv', mutateBytes(random, Buffer.from(csvOf(inputs)))).decode(route));
  },
};

/** One to three inputs with the same number of rows, none empty: of nothing, JSON does not tell the shape. */
function makeInputs(random: Random, rank?: number): { inputs: MadeTensor[]; route: VersionRoute } {
  const wanted = 1 + random.below(3);
  const inputs: MadeTensor[] = [];
  while (inputs.length < wanted) {
    // A lone `b64` would be bytes.
    const tensor = makeTensor(random, random.chance(0.2) ? random.pick(['__proto__', 'constructor', 'x y', '']) + inputs.length : `x${makeText(random)}${inputs.length}`);
    const fits = tensor.shape.length >= 1 && (rank === undefined || tensor.shape.length === rank) && !tensor.shape.includes(0);
    if (fits && (inputs[0]?.shape[0] ?? tensor.shape[0]) === tensor.shape[0]) inputs.push(tensor);
  }
  const signature = inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(() => -1) }));
  return { inputs, route: versionRoute('v1', [], { signature: { inputs: signature, outputs: [] } }) };
}

/** The tensor's tokens as nested lists; or those of one row. */
function nested({ tokens, shape }: MadeTensor, row?: number): string {
  const [, ...inner] = shape as [number, ...number[]];
  const size = inner.reduce((product, each) => product * each, 1);
  const build = (list: readonly string[], sizes: readonly number[]): string => {
    const [count, ...rest] = sizes;
    if (count === undefined) return list[0] as string;
    const each = list.length / count;
    return `[${Array.from({ length: count }, (_, index) => build(list.slice(index * each, (index + 1) * each), rest)).join(',')}]`;
  };
  return row === undefined ? build(tokens, shape) : build(tokens.slice(row * size, (row + 1) * size), inner);
}

function csvOf(inputs: readonly MadeTensor[]): string {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const rows = Array.from({ length: inputs[0]?.shape[0] as number }, (_, row) => inputs.map(({ tokens }) => quoted(tokens[row] ?? '')).join(','));
  return [inputs.map(({ name }) => quoted(name)).join(','), ...rows].join('\n');
}

function attempt(decode: () => readonly Tensor[]): void {
  try {
    for (const { shape, data } of decode()) assert.ok(data.byteLength >= 0 && shape.every(Number.isSafeInteger));
  } catch (error) {
    assert.ok(error instanceof LeptonError && ['INVALID_ARGUMENT', 'UNSUPPORTED'].includes(error.code), `not a refusal: ${(error as Error).stack}`);
    assert.ok(error.message.length >= 8 && error.message.length < 4_000, `a reason of ${error.message.length} characters`);
  }
}

const plain = ({ name, datatype, shape, data }: Tensor): object => ({ name, datatype, shape, hex: Buffer.from(data).toString('hex') });
const expected = (made: MadeTensor): object => plain(asTensor(made));

/** Of the same shape, but any bytes. */
function withAnyBytes(random: Random, { name, datatype, shape, tokens }: MadeTensor): Tensor {
  const elements = tokens.map(() => {
    const bytes = random.bytes(random.below(6));
    return Buffer.concat([Buffer.of(bytes.length, 0, 0, 0), bytes]);
  });
  return { name, datatype, shape, data: Buffer.concat(elements) };
}
