import { type Datatype, DATATYPE_BYTES, joinByteElements, LeptonError, type Tensor, type TensorSpec } from '../../../../core/index.ts';
import { asString, isObject, own } from '../../codec/parse-json.ts';
import { RANK_MAX } from '../../codec/tensor.ts';
import { encodeElements, show } from '../../codec/values.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** A tensor of an input's datatype from nested lists, whose shape is theirs. Throws INVALID_ARGUMENT naming the place. */
export function tensorFromNested(spec: TensorSpec, value: unknown, field: string): Tensor {
  const shape = shapeOf(value, field);
  const leaves: unknown[] = [];
  collect(value, shape, leaves, field, field);
  return tensorOf(spec, shape, leaves, (index) => field + placeOf(index, shape));
}

/**
 * A tensor whose rows are nested lists of equal shape. For messages, `placeOfRow` says where a row comes from, `placeInRow`
 * which of its elements is meant.
 */
export function tensorFromRows(spec: TensorSpec, rows: readonly unknown[], placeOfRow: (row: number) => string, placeInRow?: (index: number) => string): Tensor {
  const rowShape = shapeOf(rows[0], placeOfRow(0));
  const leaves: unknown[] = [];
  const like = `as in ${placeOfRow(0)}`;
  rows.forEach((row, index) => collect(row, rowShape, leaves, index === 0 ? placeOfRow(0) : () => placeOfRow(index), like));
  const size = Math.max(1, leaves.length / Math.max(1, rows.length));
  const place = (index: number): string => placeOfRow(Math.floor(index / size)) + (placeInRow?.(index % size) ?? placeOf(index % size, rowShape));
  return tensorOf(spec, [rows.length, ...rowShape], leaves, place);
}

/** `{"b64": "…"}`, the form of bytes: an object with nothing else. */
export function isBase64Object(value: unknown): value is { readonly b64: string } {
  return isObject(value) && typeof own(value, 'b64') === 'string' && Object.keys(value).length === 1;
}

/** The shape that the first elements have, all the way down. */
function shapeOf(value: unknown, field: string): number[] {
  const shape: number[] = [];
  for (let level = value; Array.isArray(level); level = level[0]) {
    if (shape.length === RANK_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} is nested more than ${RANK_MAX} deep`);
    shape.push(level.length);
    if (level.length === 0) break;
  }
  return shape;
}

/** Appends the elements of nested lists that have exactly this shape. Depth is bounded by it. */
function collect(value: unknown, shape: readonly number[], leaves: unknown[], field: string | (() => string), like: string): void {
  const path: number[] = [];
  const where = (...inner: number[]): string => (typeof field === 'string' ? field : field()) + [...path, ...inner].map((index) => `[${index}]`).join('');
  const append = (leaf: unknown, ...inner: number[]): void => {
    if (Array.isArray(leaf)) throw new LeptonError('INVALID_ARGUMENT', `${where(...inner)} is a list of ${leaf.length}, where one value is expected, ${like}`);
    leaves.push(leaf);
  };
  const visit = (level: unknown): void => {
    const expected = shape[path.length] as number;
    if (!Array.isArray(level)) throw new LeptonError('INVALID_ARGUMENT', `${where()} is ${show(level)}, where a list of ${expected} is expected, ${like}`);
    if (level.length !== expected) throw new LeptonError('INVALID_ARGUMENT', `${where()} has ${level.length} elements, where ${expected} are expected, ${like}`);
    if (path.length === shape.length - 1) return level.forEach((leaf, index) => append(leaf, index));
    for (let index = 0; index < level.length; index++) {
      path.push(index);
      visit(level[index]);
      path.pop();
    }
  };
  if (shape.length === 0) append(value);
  else visit(value);
}

function tensorOf(spec: TensorSpec, shape: readonly number[], leaves: readonly unknown[], place: (index: number) => string): Tensor {
  const datatype = spec.untyped ? datatypeOf(leaves) : spec.datatype;
  return { name: spec.name, datatype, shape, data: encodeLeaves(datatype, leaves, place) };
}

/** Where the model does not say: what numpy makes of such values. */
function datatypeOf(leaves: readonly unknown[]): Datatype {
  if (leaves.length > 0 && leaves.every((leaf) => typeof leaf === 'boolean')) return 'BOOL';
  if (leaves.every((leaf) => typeof leaf === 'bigint' || Number.isInteger(leaf))) return 'INT64';
  return leaves.some((leaf) => typeof leaf === 'number') ? 'FP64' : 'BYTES';
}

function encodeLeaves(datatype: Datatype, leaves: readonly unknown[], place: (index: number) => string): Uint8Array {
  if (datatype === 'BYTES') return joinByteElements(leaves.map((leaf, index) => bytesOf(leaf, place(index))));
  const encode = (values: readonly unknown[], field: string): Uint8Array => encodeElements(datatype, DATATYPE_BYTES[datatype], values, field);
  try {
    return encode(leaves, '');
  } catch {
    // The messages of the encoder count elements from the first; a person looks for them where they were written.
    for (const [index, leaf] of leaves.entries()) {
      try {
        encode([leaf], '');
      } catch (cause) {
        throw new LeptonError('INVALID_ARGUMENT', (cause as LeptonError).message.replace(/^\[0\]/, () => place(index)), { cause });
      }
    }
    throw new LeptonError('INTERNAL', 'a list that the encoder refuses has only elements that it takes');
  }
}

function bytesOf(value: unknown, place: string): Uint8Array {
  if (!isBase64Object(value)) {
    if (typeof value === 'string') return Buffer.from(asString(value, place), 'utf8');
    throw new LeptonError('INVALID_ARGUMENT', `${place} is ${show(value)}, not a string or {"b64": "…"} (BYTES)`);
  }
  const text = value.b64.replace(/\s+/g, '');
  if (!BASE64.test(text) || text.replace(/=+$/, '').length % 4 === 1) throw new LeptonError('INVALID_ARGUMENT', `${place}.b64 is ${show(value.b64)}, which is not base64`);
  return Buffer.from(text, 'base64');
}

/** `[1][0]` for the fifth element of [3,4]. */
function placeOf(index: number, shape: readonly number[]): string {
  let place = '';
  let rest = index;
  for (const size of shape.toReversed()) {
    place = `[${rest % size}]${place}`;
    rest = Math.floor(rest / size);
  }
  return place;
}
