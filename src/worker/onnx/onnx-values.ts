import { byteElements, elementCount, joinByteElements, LeptonError, type Tensor } from '../../core/index.ts';
import { type NativeInput, type NativeTensor, NUMERIC_ARRAYS, type NumericArray, numericView } from '../../onnx/index.ts';
import { bfloat16ToFloats, floatsToBfloat16 } from '../bfloat16.ts';
import { bytesToText, textToBytes } from './byte-text.ts';

/** Most bytes of one BYTES element: escaped it is up to four times as long, and V8's strings end at 512 Mi characters. */
const ELEMENT_BYTES_MAX = 2 ** 27;

/** A tensor as the runtime takes it. Throws INVALID_ARGUMENT when bytes and shape disagree, TOO_LARGE for an element that no string can hold. */
export function toNative(tensor: Tensor): NativeInput {
  const { datatype, shape, data } = tensor;
  if (datatype === 'BYTES') return { type: 'string', location: 'cpu', dims: shape, data: textsOf(tensor) };
  if (datatype === 'BF16') return { type: 'float32', location: 'cpu', dims: shape, data: bfloat16ToFloats(numericView('UINT16', data, elementCount(shape)) as Uint16Array) };
  return { type: NUMERIC_ARRAYS[datatype].type, location: 'cpu', dims: shape, data: numericView(datatype, data, elementCount(shape)) };
}

function textsOf(tensor: Tensor): string[] {
  return byteElements(tensor).map((element, index) => {
    if (element.length > ELEMENT_BYTES_MAX) throw new LeptonError('TOO_LARGE', `input ${JSON.stringify(tensor.name)}: BYTES element ${index} has ${element.length} bytes, at most ${ELEMENT_BYTES_MAX} fit a string`);
    return bytesToText(element);
  });
}

/** The bytes of an output; `isBfloat16`: the runtime gives it as FP32. */
export function bytesOfNative({ type, data }: NativeTensor, isBfloat16: boolean): Uint8Array {
  if (type === 'string') return joinByteElements((data as readonly string[]).map(textToBytes));
  // The floats come from bfloat16 and fit, unless the runtime's optimiser has dropped a cast to and fro: then they are rounded here.
  const array = isBfloat16 ? floatsToBfloat16(data as Float32Array) : (data as NumericArray);
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
