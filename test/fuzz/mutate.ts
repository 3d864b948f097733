import type { Random } from './random.ts';

/** What parsers stumble over, of JSON, HTTP and protobuf alike. */
const TOKENS = [
  'null', 'true', '-1', '-0', '1e999', '1e-999', '0.1', '1.0', '18446744073709551616', '9223372036854775808', '9007199254740993', '4294967296', '2147483648', '65536', '256', '255', '128', 'NaN', 'Infinity', '"NaN"', '"Infinity"', '[]', '{}', '""', '"', '\\', '\\u0000', '\\ud800', '\\u00', ',', ':', '[', ']', '{', '}', '[[[[[[[[', '"__proto__"', '"constructor"',
  'FP32', 'INT64', 'BYTES', 'BF16', '"shape"', '"data"', '"inputs"', '"parameters"', '"binary_data_size"', '"shared_memory_region"', '"classification"', '"priority"', '"timeout"', '"sequence_id"',
  '\r\n', '\n', '\r', '\r\n\r\n', '\t', ' ', '\0', ': ', 'content-length: 5\r\n', 'content-length: 0\r\n', 'transfer-encoding: chunked\r\n', 'connection: close\r\n', 'expect: 100-continue\r\n', 'content-encoding: gzip\r\n', 'inference-header-content-length: 3\r\n', 'host: a\r\n', 'HTTP/1.0', 'HTTP/2.0', 'GET ', 'PUT ', 'OPTIONS ', '%00', '%ff', '%2f', '../', '?', '#', '\xff\xfe', '\xc0\x80', '\xed\xa0\x80', '🚀',
  '\x00\x00\x00\x00', '\xff\xff\xff\xff', '\xff\xff\xff\x7f', '\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01',
];

type Mutation = (random: Random, bytes: Buffer) => Buffer;

const splice = (bytes: Buffer, at: number, remove: number, insert: Uint8Array): Buffer => Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)]);

const MUTATIONS: readonly Mutation[] = [
  (random, bytes) => splice(bytes, random.below(bytes.length + 1), 0, Buffer.from(random.pick(TOKENS), random.chance(0.5) ? 'latin1' : 'utf8')),
  (random, bytes) => {
    const token = Buffer.from(random.pick(TOKENS), 'latin1');
    return splice(bytes, random.below(bytes.length + 1), token.length, token);
  },
  (random, bytes) => flip(bytes, random.below(bytes.length), 1 << random.below(8)),
  (random, bytes) => splice(bytes, random.below(bytes.length), 1, random.bytes(1)),
  (random, bytes) => splice(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(8))),
  (random, bytes) => splice(bytes, random.below(bytes.length), 1 + random.below(16), Buffer.alloc(0)),
  (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1)),
  (random, bytes) => {
    const [at, length] = [random.below(bytes.length), 1 + random.below(64)];
    return splice(bytes, random.below(bytes.length + 1), 0, bytes.subarray(at, at + length));
  },
  (random, bytes) => {
    const at = random.below(bytes.length);
    return splice(bytes, at, 0, Buffer.concat(Array.from({ length: 1 + random.below(200) }, () => bytes.subarray(at, at + 1 + (at % 7)))));
  },
  replaceNumber,
];

/** A few changes of the bytes. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated = bytes;
  for (let count = 1 + random.below(random.chance(0.3) ? 8 : 2); count > 0; count--) mutated = mutated.length ? random.pick(MUTATIONS)(random, mutated) : random.bytes(random.below(16));
  return mutated;
}

function flip(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ mask;
  return copy;
}

/** A number in the text becomes another one: lengths, shapes, sizes, counts. */
function replaceNumber(random: Random, bytes: Buffer): Buffer {
  const found = [...bytes.toString('latin1').matchAll(/-?\d+(\.\d+)?/g)];
  if (!found.length) return bytes;
  const { index, 0: text } = random.pick(found);
  const value = Number(text);
  const other = random.pick([String(value + 1), String(value - 1), String(value * 2), `-${text}`, '0', '2147483647', '4294967296', '9007199254740992', '18446744073709551615', '1e3', `${text}.5`, `"${text}"`, 'null', `[${text}]`, '']);
  return splice(bytes, index, text.length, Buffer.from(other));
}

const ODD_VALUES: readonly unknown[] = [null, true, false, 0, -1, 1.5, 1e300, 2 ** 53, 2 ** 31, 2 ** 32, '', 'x', '\ud800', [], {}, [[]], [null], [[[[1]]]], { a: { b: 1 } }, 'INT8', 'BYTES', [2 ** 20, 2 ** 20, 2 ** 20], [-1], [0], { binary_data_size: 4 }, { binary_data_size: -1 }, { shared_memory_region: 'r' }, { classification: 2 }];

/** A few changes of a JSON value: other types and numbers, missing, doubled and strange keys, deeper nesting. */
export function mutateJson(random: Random, value: unknown): unknown {
  let mutated = value;
  for (let count = 1 + random.below(3); count > 0; count--) mutated = mutateNode(random, mutated);
  return mutated;
}

function mutateNode(random: Random, value: unknown): unknown {
  const inside = value !== null && typeof value === 'object' && random.chance(0.85);
  if (!inside) return random.chance(0.05) ? nest(value, 1 + random.below(2_000)) : random.pick(ODD_VALUES);
  if (Array.isArray(value)) return mutateArray(random, value);
  const entries = Object.entries(value as object);
  const at = random.below(entries.length + 1);
  const [key, inner] = entries[at] ?? [random.pick(['__proto__', 'constructor', 'data', 'parameters', 'x', '']), random.pick(ODD_VALUES)];
  const change = random.below(10);
  const changed = change === 0 ? [] : change === 1 ? [[`${key}_`, inner]] : [[key, entries[at] ? mutateNode(random, inner) : inner]];
  return Object.fromEntries([...entries.slice(0, at), ...(changed as [string, unknown][]), ...entries.slice(at + 1)]);
}

function mutateArray(random: Random, value: readonly unknown[]): unknown[] {
  const at = random.below(value.length + 1);
  const changed = random.pick([[], [value[at], value[at]], [mutateNode(random, value[at])], [mutateNode(random, value[at])]]);
  return [...value.slice(0, at), ...changed, ...value.slice(at + 1)];
}

function nest(value: unknown, depth: number): unknown {
  let nested = value;
  for (let level = 0; level < depth; level++) nested = [nested];
  return nested;
}
