import { elementCount, type Tensor } from '../../core/index.ts';
import { type NativeInput, type NativeTensor, NUMERIC_ARRAYS, type NumericArray, numericView } from '../../onnx/index.ts';
import { bfloat16ToFloats, floatsToBfloat16 } from '../bfloat16.ts';
import { byteElements, joinByteElements } from '../byte-elements.ts';
import { bytesToText, textToBytes } from './byte-text.ts';

/** A tensor as the runtime takes it. Throws INVALID_ARGUMENT when bytes and shape disagree. */
export function toNative({ datatype, shape, data, ...tensor }: Tensor): NativeInput {
  if (datatype === 'BYTES') return { type: 'string', location: 'cpu', dims: shape, data: byteElements({ ...tensor, datatype, shape, data }).map(bytesToText) };
  if (datatype === 'BF16') return { type: 'float32', location: 'cpu', dims: shape, data: bfloat16ToFloats(numericView('UINT16', data, elementCount(shape)) as Uint16Array) };
  return { type: NUMERIC_ARRAYS[datatype].type, location: 'cpu', dims: shape, data: numericView(datatype, data, elementCount(shape)) };
}

/** The bytes of an output; `isBfloat16`: the runtime gives it as FP32. */
export function bytesOfNative({ type, data }: NativeTensor, isBfloat16: boolean): Uint8Array {
  if (type === 'string') return joinByteElements((data as readonly string[]).map(textToBytes));
  // The floats come from bfloat16 and fit, unless the runtime's optimiser has dropped a cast to and fro: then they are rounded here.
  const array = isBfloat16 ? floatsToBfloat16(data as Float32Array) : (data as NumericArray);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
