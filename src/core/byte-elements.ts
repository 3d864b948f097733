import { LeptonError } from './errors.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** The elements of a BYTES tensor as views; throws INVALID_ARGUMENT when lengths and data disagree. */
export function byteElements(tensor: Tensor): Buffer[] {
  const data = Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const count = elementCount(tensor.shape);
  // Each element takes at least its four length bytes, so the count is bounded by the data before anything is allocated.
  if (count * 4 > data.byteLength) throw disagree(tensor);
  const elements: Buffer[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 4 > data.byteLength) throw disagree(tensor);
    const end = at + 4 + data.readUInt32LE(at);
    if (end > data.byteLength) throw disagree(tensor);
    elements.push(data.subarray(at + 4, end));
    at = end;
  }
  if (at !== data.byteLength) throw disagree(tensor);
  return elements;
}

/** Texts as the bytes of a BYTES tensor. */
export function encodeByteElements(texts: readonly string[]): Uint8Array {
  const encoded = texts.map((text) => Buffer.from(text, 'utf8'));
  return joinByteElements(encoded);
}

/** Elements with their length prefixes, in one array. */
export function joinByteElements(elements: readonly Uint8Array[]): Uint8Array {
  const result = Buffer.allocUnsafe(elements.reduce((sum, element) => sum + 4 + element.byteLength, 0));
  let at = 0;
  for (const element of elements) {
    result.writeUInt32LE(element.byteLength, at);
    result.set(element, at + 4);
    at += 4 + element.byteLength;
  }
  return result;
}

function disagree(tensor: Tensor): LeptonError {
  return new LeptonError('INVALID_ARGUMENT', `tensor ${JSON.stringify(tensor.name)}: ${tensor.data.byteLength} bytes are not ${elementCount(tensor.shape)} length-prefixed elements`);
}
