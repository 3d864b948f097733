/** What an answer must hold: the last output's bytes at its end (binary forms), numbers at a place in its JSON, or a text. */
export type Expectation =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tail'; readonly datatype: 'FP32' | 'INT32'; readonly bytes: Uint8Array }
  | { readonly kind: 'json'; readonly path: readonly (string | number)[]; readonly values: readonly number[] };

/** Batches take other kernels, which round otherwise. */
const TOLERANCE = 1e-3;

/** What differs, or undefined. Looks at every byte or number that is expected. */
export function difference(expectation: Expectation, body: Buffer): string | undefined {
  if (expectation.kind === 'json') return jsonDifference(expectation.path, expectation.values, body);
  if (expectation.kind === 'text') return body.includes(expectation.text) ? undefined : `the answer lacks ${expectation.text}`;
  const { bytes, datatype } = expectation;
  if (body.length < bytes.length) return `answer of ${body.length} bytes, at least ${bytes.length} expected`;
  return numbersDifference(numbers(bytes, datatype), numbers(body.subarray(body.length - bytes.length), datatype));
}

function numbers(bytes: Uint8Array, datatype: 'FP32' | 'INT32'): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => (datatype === 'FP32' ? view.getFloat32(index * 4, true) : view.getInt32(index * 4, true)));
}

function jsonDifference(path: readonly (string | number)[], expected: readonly number[], body: Buffer): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return `the answer is no JSON: ${body.toString('utf8', 0, 80)}`;
  }
  for (const key of path) value = (value as Record<string | number, unknown> | undefined)?.[key];
  const actual = Array.isArray(value) ? (value.flat(Number.POSITIVE_INFINITY) as number[]) : [];
  return numbersDifference(expected, actual);
}

function numbersDifference(expected: readonly number[], actual: readonly number[]): string | undefined {
  if (expected.length !== actual.length) return `${actual.length} numbers, ${expected.length} expected`;
  const at = expected.findIndex((number, index) => !(Math.abs(number - (actual[index] as number)) <= TOLERANCE * Math.max(1, Math.abs(number))));
  return at < 0 ? undefined : `number ${at} is ${actual[at]}, ${expected[at]} expected`;
}
