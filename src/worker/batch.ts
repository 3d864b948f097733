/**
 * Merging items along dimension 0 and cutting results apart again, on raw bytes. Row-major data makes both plain
 * concatenation, for every datatype (BYTES elements carry their lengths with them).
 *
 *   item 0  [2,16] ─┐                         ┌─▶ rows 0–1
 *   item 1  [1,16] ─┼─▶ [4,16] ─▶ run ─▶ [4,8]┼─▶ row  2
 *   item 2  [1,16] ─┘                         └─▶ row  3
 */
import { elementCount, LeptonError, type Tensor } from '../core/index.ts';
import type { TensorSet } from './loaded-model.ts';

/** Rows of one item: the first dimension that all its inputs share. Throws INVALID_ARGUMENT where they share none. */
export function rowsOf(inputs: TensorSet): number {
  const rows = inputs[0]?.shape[0];
  if (rows === undefined || inputs.some((tensor) => tensor.shape[0] !== rows)) {
    throw new LeptonError('INVALID_ARGUMENT', `inputs share no first dimension: ${inputs.map((tensor) => `${tensor.name}[${tensor.shape.join(',')}]`).join(' ')}`);
  }
  return rows;
}

/** All items' inputs as one set. Throws INVALID_ARGUMENT when they do not fit together. One item is returned as it is. */
export function mergeInputs(items: readonly TensorSet[]): TensorSet {
  const first = items[0] as TensorSet;
  if (items.length === 1) return first;
  return first.map((tensor) => mergeTensors(items.map((inputs) => sameNamed(inputs, tensor))));
}

function sameNamed(inputs: TensorSet, like: Tensor): Tensor {
  const tensor = inputs.find((candidate) => candidate.name === like.name);
  const fits = tensor && tensor.datatype === like.datatype && tensor.shape.length === like.shape.length && tensor.shape.length > 0 && like.shape.every((size, axis) => axis === 0 || size === tensor.shape[axis]);
  if (!fits) throw new LeptonError('INVALID_ARGUMENT', `input ${JSON.stringify(like.name)} does not fit the batch's ${like.datatype}[${like.shape.join(',')}]`);
  return tensor;
}

function mergeTensors(parts: readonly Tensor[]): Tensor {
  const first = parts[0] as Tensor;
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] as number), 0);
  const data = new Uint8Array(parts.reduce((sum, part) => sum + part.data.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.byteLength;
  }
  return { name: first.name, datatype: first.datatype, shape: [rows, ...first.shape.slice(1)], data };
}

/**
 * Cuts a batch's outputs into the items' own, by rows. Throws MODEL_ERROR when an output does not have one row for every
 * row that went in.
 */
export function splitOutputs(outputs: readonly Tensor[], rows: readonly number[]): Tensor[][] {
  if (rows.length === 1) return [[...outputs]];
  const total = rows.reduce((sum, count) => sum + count, 0);
  const columns = outputs.map((output) => splitTensor(output, rows, total));
  return rows.map((_, item) => columns.map((parts) => parts[item] as Tensor));
}

function splitTensor(output: Tensor, rows: readonly number[], total: number): Tensor[] {
  if (output.shape[0] !== total) throw new LeptonError('MODEL_ERROR', `output ${output.name}[${output.shape.join(',')}] does not have the batch's ${total} rows`);
  const offsets = output.datatype === 'BYTES' ? byteRowOffsets(output, total) : undefined;
  const rowBytes = total === 0 ? 0 : output.data.byteLength / total;
  let row = 0;
  return rows.map((count) => {
    const from = offsets ? (offsets[row] as number) : row * rowBytes;
    row += count;
    const to = offsets ? (offsets[row] as number) : row * rowBytes;
    return { name: output.name, datatype: output.datatype, shape: [count, ...output.shape.slice(1)], data: output.data.subarray(from, to) };
  });
}

/** Where each row of a BYTES tensor starts, and where the last one ends. */
function byteRowOffsets(tensor: Tensor, rows: number): number[] {
  const perRow = elementCount(tensor.shape.slice(1));
  const lengths = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const offsets = [0];
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let element = 0; element < perRow; element++) at += 4 + lengths.getUint32(at, true);
    offsets.push(at);
  }
  return offsets;
}
