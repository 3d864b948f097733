/** A tensor as its little-endian bytes. */
export interface BenchTensor {
  readonly name: string;
  readonly datatype: 'FP32' | 'INT32';
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** The elements; copied, since what comes from another process need not be aligned. */
export function elementsOf({ datatype, data }: BenchTensor): Float32Array | Int32Array {
  const { buffer } = new Uint8Array(data);
  return datatype === 'FP32' ? new Float32Array(buffer) : new Int32Array(buffer);
}

export const numbersOf = (tensor: BenchTensor): number[] => Array.from(elementsOf(tensor));

export const tensorOf = (name: string, shape: readonly number[], numbers: Float32Array | Int32Array): BenchTensor => ({ name, shape, datatype: numbers instanceof Float32Array ? 'FP32' : 'INT32', data: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) });

/** One tensor of several rows out of tensors of one row each. */
export function stackRows(rows: readonly BenchTensor[]): BenchTensor {
  const [first] = rows as [BenchTensor];
  return { ...first, shape: [rows.length, ...first.shape.slice(1)], data: new Uint8Array(Buffer.concat(rows.map(({ data }) => data))) };
}
