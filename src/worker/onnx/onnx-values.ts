import * as ort from 'onnxruntime-node';
import { type Datatype, elementCount, LeptonError, type Tensor } from '../../core/index.ts';
import { byteElements, encodeByteElements } from '../byte-elements.ts';

type NumericArray = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | BigUint64Array | BigInt64Array | Float32Array | Float64Array;
interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericArray;
}

/** onnxruntime-node's name of each datatype, and the array whose elements it reads. FP16 travels as its 16 bits. */
const NUMERIC: Readonly<Partial<Record<Datatype, { readonly type: string; readonly array: ArrayType }>>> = {
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

/** Whether onnxruntime-node (1.30) can take and give this datatype at a model's border; BF16 it cannot. */
export const servesDatatype = (datatype: Datatype): boolean => datatype === 'BYTES' || NUMERIC[datatype] !== undefined;

/** A tensor as the runtime takes it. Copies nothing unless the bytes are not aligned for their element. */
export function toOrt(tensor: Tensor): ort.Tensor {
  if (tensor.datatype === 'BYTES') return new ort.Tensor('string', toStrings(tensor), tensor.shape);
  const kind = NUMERIC[tensor.datatype];
  if (!kind) throw new LeptonError('UNSUPPORTED', `onnxruntime-node takes no ${tensor.datatype} tensors (input ${JSON.stringify(tensor.name)})`);
  const data = view(kind.array, tensor);
  if (tensor.datatype === 'FP16') return float16(data, tensor.shape);
  return new ort.Tensor(kind.type as 'float32', data as Float32Array, tensor.shape);
}

/** A runtime's output as raw bytes; a view on the runtime's own memory where it is numeric. */
export function fromOrt(name: string, datatype: Datatype, value: ort.Tensor): Tensor {
  const { data, dims } = value as { data: unknown; dims: readonly number[] };
  if (datatype === 'BYTES') return { name, datatype, shape: dims, data: encodeByteElements(data as readonly string[]) };
  const array = data as NumericArray;
  return { name, datatype, shape: dims, data: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) };
}

function view(array: ArrayType, { data, shape }: Tensor): NumericArray {
  const length = elementCount(shape);
  if (data.byteOffset % array.BYTES_PER_ELEMENT === 0) return new array(data.buffer, data.byteOffset, length);
  const copy = Uint8Array.prototype.slice.call(data);
  return new array(copy.buffer, 0, length);
}

/**
 * The binding reads float16 from a Uint16Array, but the library's constructor turns that into a Float16Array, which the
 * binding (N-API 6) sees as empty. So the tensor is made of 16-bit integers and then says what they are.
 */
function float16(bits: NumericArray, shape: readonly number[]): ort.Tensor {
  const tensor = new ort.Tensor('uint16', bits as Uint16Array, shape);
  (tensor as { type: string }).type = 'float16';
  return tensor as ort.Tensor;
}

/**
 * onnxruntime-node carries strings as JavaScript strings and hands them on as C strings: bytes that are not UTF-8 and the
 * character U+0000 would be changed on the way, so both are refused.
 */
function toStrings(tensor: Tensor): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return byteElements(tensor).map((element, index) => {
    if (element.includes(0)) throw refused(tensor, index, 'contains a zero byte, which onnxruntime-node would cut the string at');
    try {
      return decoder.decode(element);
    } catch {
      throw refused(tensor, index, 'is not valid UTF-8, and onnxruntime-node carries BYTES as text only');
    }
  });
}

function refused(tensor: Tensor, index: number, why: string): LeptonError {
  return new LeptonError('INVALID_ARGUMENT', `input ${JSON.stringify(tensor.name)}: BYTES element ${index} ${why}`);
}
