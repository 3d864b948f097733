import { elementCount, isFloat, joinByteElements, LeptonError, type Tensor } from '../../../core/index.ts';
import { numbersOf } from './tensor-to-json.ts';

/** Most classes in one answer, which bounds the time that sorting takes from other requests. */
const CLASSES_MAX = 2 ** 20;

/** Datatypes without an order, which have no highest elements. */
export const hasClasses = (datatype: Tensor['datatype']): boolean => datatype !== 'BYTES' && datatype !== 'BOOL';

type Values = ReturnType<typeof numbersOf>;

/**
 * The classification extension: a tensor's `count` highest elements, or all if it has fewer, as BYTES `value:index[:label]`,
 * highest first; equal ones in the order of their index, NaN last. Values are written as Triton writes them, floats with
 * six digits after the point. `batched`: each row of the first dimension has its own, shape [rows, count]; otherwise [count].
 * Throws INVALID_ARGUMENT for datatypes without an order, and for too many classes.
 */
export function classify(tensor: Tensor, count: number, options: { batched: boolean; labels?: readonly string[] | undefined }): Tensor {
  const { name, datatype, shape } = tensor;
  if (!hasClasses(datatype)) throw new LeptonError('INVALID_ARGUMENT', `output '${name}' is ${datatype}, which has no order: classification needs a datatype of numbers`);
  const batched = options.batched && shape.length > 0;
  const rows = batched ? (shape[0] as number) : 1;
  const perRow = elementCount(batched ? shape.slice(1) : shape);
  const classes = Math.min(count, perRow);
  if (rows * classes > CLASSES_MAX) throw new LeptonError('INVALID_ARGUMENT', `output '${name}' would have ${rows * classes} classes (classification ${count}, shape [${shape.join(',')}]), more than ${CLASSES_MAX}`);
  const values = numbersOf(tensor);
  const write = isFloat(datatype) ? sixDigits : String;
  const written: Uint8Array[] = [];
  for (let row = 0; row < rows; row++) {
    const own = values.subarray(row * perRow, (row + 1) * perRow);
    for (const index of highest(own, classes)) {
      const label = options.labels?.[index];
      written.push(Buffer.from(`${write(own[index] as number)}:${index}${label ? `:${label}` : ''}`));
    }
  }
  return { name, datatype: 'BYTES', shape: batched ? [rows, classes] : [classes], data: joinByteElements(written) };
}

/** Indexes of the `count` highest values in order. Keeps at most twice as many candidates, so that most values cost one comparison. */
function highest(values: Values, count: number): number[] {
  const compare = (a: number, b: number): number => descending(values[a] as number, values[b] as number) || a - b;
  let candidates: number[] = [];
  let worst = -1;
  for (let index = 0; index < values.length && count > 0; index++) {
    if (worst >= 0 && compare(index, worst) > 0) continue;
    candidates.push(index);
    if (candidates.length < 2 * count) continue;
    candidates = candidates.sort(compare).slice(0, count);
    worst = candidates.at(-1) as number;
  }
  return candidates.sort(compare).slice(0, count);
}

function descending(a: number, b: number): number {
  if (a > b) return -1;
  if (a < b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

/** As C's `%f`: six digits after the point, ties to even, no exponent. */
export function sixDigits(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}.000000`;
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  // Only odd multiples of 1/128 lie halfway between two texts; toFixed takes the upper one.
  const halfway = Number.isInteger(size * 128) && !Number.isInteger(size * 64);
  const below = size.toFixed(7).slice(0, -1);
  return sign + (halfway && Number(below.at(-1)) % 2 === 0 ? below : size.toFixed(6));
}
