import type { Tensor } from '../../../../core/index.ts';
import { decodeByteStrings, numbersOf } from '../../codec/tensor-to-json.ts';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The only tensor as nested lists or, of several, an object of them by name. */
export function tensorsToJson(tensors: readonly Tensor[]): string {
  const [only] = tensors;
  if (only && tensors.length === 1) return tensorToNested(only);
  return `{${tensors.map((tensor) => `${JSON.stringify(tensor.name)}:${tensorToNested(tensor)}`).join(',')}}`;
}

/** A list of rows: values of the only tensor or, of several, objects by name. Every tensor has `count` rows. */
export function rowsToJson(tensors: readonly Tensor[], count: number): string {
  const texts = tensors.map((tensor) => nest(elementsOf(tensor), tensor.shape, 1));
  const [only] = texts;
  if (only && texts.length === 1) return `[${only.join(',')}]`;
  const keys = tensors.map(({ name }) => JSON.stringify(name));
  return `[${Array.from({ length: count }, (_, row) => `{${texts.map((column, index) => `${keys[index]}:${column[row]}`).join(',')}}`).join(',')}]`;
}

/** A tensor as the text of nested JSON lists; a scalar as its value. */
function tensorToNested(tensor: Tensor): string {
  return nest(elementsOf(tensor), tensor.shape, 0)[0] as string;
}

/** Joins elements into lists, from the last dimension up to `axis`. */
function nest(elements: readonly string[], shape: readonly number[], axis: number): readonly string[] {
  let texts = elements;
  for (let inner = shape.length - 1; inner >= axis; inner--) {
    const size = shape[inner] as number;
    const lists = shape.slice(0, inner).reduce((product, each) => product * each, 1);
    texts = Array.from({ length: lists }, (_, index) => `[${texts.slice(index * size, (index + 1) * size).join(',')}]`);
  }
  return texts;
}

function elementsOf(tensor: Tensor): readonly string[] {
  if (tensor.datatype === 'BYTES') {
    const alwaysBase64 = tensor.name.endsWith('_bytes');
    return decodeByteStrings(tensor).map((bytes) => bytesToJson(bytes, alwaysBase64));
  }
  if (tensor.datatype === 'BOOL') return Array.from(tensor.data, (value) => (value ? 'true' : 'false'));
  const values = numbersOf(tensor);
  if (tensor.datatype === 'FP64') return Array.from(values as Float64Array, (value) => floatText(value, String(value)));
  if (values instanceof Float32Array || values instanceof Float16Array) return Array.from(values, float32ToJson);
  return Array.from(values as Iterable<number | bigint>, String);
}

/** Text where it is UTF-8; what ends in `_bytes`, and what no JSON string can carry, as TensorFlow Serving's base64 object. */
function bytesToJson(bytes: Uint8Array, alwaysBase64: boolean): string {
  if (!alwaysBase64) {
    try {
      return JSON.stringify(UTF8.decode(bytes));
    } catch {
      // Not UTF-8.
    }
  }
  return `{"b64":"${Buffer.from(bytes).toString('base64')}"}`;
}

/** Six digits where they are this float32 again, else the nine that always are: as TensorFlow Serving writes it. */
function float32ToJson(value: number): string {
  if (!Number.isFinite(value)) return floatText(value, String(value));
  const short = sixDigits(value);
  return Math.fround(short) === value ? floatText(value, String(short)) : floatText(value, value.toPrecision(9));
}

/** Rounded to six significant digits. Between a millionth and a million without the detour over text, which costs most of an answer. */
function sixDigits(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude < 1e-6 || magnitude >= 1e6) return Number(value.toPrecision(6));
  let factor = 1e6;
  for (let rest = magnitude; rest >= 1; rest /= 10) factor /= 10;
  for (let rest = magnitude; rest < 0.1; rest *= 10) factor *= 10;
  return Math.round(value * factor) / factor;
}

/** Whole floats end in `.0`, so that clients see their type; NaN and the infinities are the words that Python's JSON reads. */
function floatText(value: number, text: string): string {
  if (!Number.isFinite(value)) return text;
  if (Object.is(value, -0)) return '-0.0';
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
