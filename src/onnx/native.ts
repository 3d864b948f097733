/**
 * onnxruntime-node's native binding without the JavaScript around it. `session.run` of the package copies and checks every
 * tensor three times and waits for a turn of the event loop, only to block the thread in the end; that doubled the cost of
 * a small model's run. Its own files use exactly what is used here, and the package's version is pinned.
 */
import { binding } from 'onnxruntime-node/dist/binding.js';
import { type Datatype, LeptonError } from '../core/index.ts';

/** A tensor as the binding reads and makes it. Numeric data is an array of `NUMERIC_ARRAYS`, text an array of strings. */
export interface NativeTensor {
  readonly type: string;
  readonly data: NumericArray | readonly string[];
  readonly dims: readonly number[];
}
/** A tensor that goes in says where its data are. */
export interface NativeInput extends NativeTensor {
  readonly location: 'cpu';
}
export type NativeTensors = Readonly<Record<string, NativeTensor>>;

export interface NativeMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  /** `TensorProto.DataType`. */
  readonly type: number;
  /** -1 where it is free. */
  readonly shape: readonly number[];
  readonly symbolicDimensions: readonly string[];
}

/** onnxruntime's session. All calls block; errors are onnxruntime's own. */
export interface NativeSession {
  readonly inputMetadata: readonly NativeMetadata[];
  readonly outputMetadata: readonly NativeMetadata[];
  /** `fetches`: the outputs wanted as keys with null. Results are copies: nothing of the runtime's memory is seen outside. */
  run(feeds: Readonly<Record<string, NativeInput>>, fetches: Readonly<Record<string, null>>, options: object): NativeTensors;
  dispose(): void;
}

interface NativeBinding {
  InferenceSession: new () => NativeSession & {
    loadModel(path: string, options: object): void;
    loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  };
  initOrtOnce(logLevel: number, tensorConstructor: new (type: string, data: NativeTensor['data'], dims: readonly number[]) => NativeTensor, isMainThread: boolean): void;
}

export type NumericArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | BigUint64Array | BigInt64Array | Float32Array | Float64Array;
interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericArray;
}

/** The binding's name of each datatype that it carries, and the array that it reads. FP16 travels as its 16 bits. */
export const NUMERIC_ARRAYS: Readonly<Record<Exclude<Datatype, 'BYTES' | 'BF16'>, { readonly type: string; readonly array: ArrayType }>> = {
  BOOL: { type: 'bool', array: Uint8Array },
  UINT8: { type: 'uint8', array: Uint8Array },
  UINT16: { type: 'uint16', array: Uint16Array },
  UINT32: { type: 'uint32', array: Uint32Array },
  UINT64: { type: 'uint64', array: BigUint64Array },
  INT8: { type: 'int8', array: Int8Array },
  INT16: { type: 'int16', array: Int16Array },
  INT32: { type: 'int32', array: Int32Array },
  INT64: { type: 'int64', array: BigInt64Array },
  FP16: { type: 'float16', array: Uint16Array },
  FP32: { type: 'float32', array: Float32Array },
  FP64: { type: 'float64', array: Float64Array },
};

/** What the binding makes of an output. */
class Output implements NativeTensor {
  readonly type: string;
  readonly data: NativeTensor['data'];
  readonly dims: readonly number[];
  constructor(type: string, data: NativeTensor['data'], dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = dims;
  }
}

const LOG_LEVEL_WARNING = 2;
const native = binding as unknown as NativeBinding;
let initialised = false;

/** Loads a model from its file, or from bytes. Throws what onnxruntime throws. */
export function loadNative(model: string | Uint8Array, options: object): NativeSession {
  if (!initialised) native.initOrtOnce(LOG_LEVEL_WARNING, Output, true);
  initialised = true;
  const session = new native.InferenceSession();
  if (typeof model === 'string') session.loadModel(model, options);
  else session.loadModel(model.buffer, model.byteOffset, model.byteLength, options);
  return session;
}

/** The view on bytes that the binding reads; a copy only where they are not aligned for their element. */
export function numericView(datatype: keyof typeof NUMERIC_ARRAYS, data: Uint8Array, length: number): NumericArray {
  const { array } = NUMERIC_ARRAYS[datatype];
  if (length * array.BYTES_PER_ELEMENT !== data.byteLength) throw new LeptonError('INVALID_ARGUMENT', `${data.byteLength} bytes are not ${length} elements of ${datatype}`);
  if (data.byteOffset % array.BYTES_PER_ELEMENT === 0) return new array(data.buffer, data.byteOffset, length);
  // Not slice: a Buffer's shares its memory.
  return new array(Uint8Array.from(data).buffer, 0, length);
}
