import { DATATYPE_BYTES, joinByteElements, LeptonError, type Signature, type Tensor, type TensorSpec } from '../../../core/index.ts';
import { tensorFromBytes } from './tensor.ts';

/** Whether the first dimension of every input and output is free: the batch, in the sense of Triton's max_batch_size. */
export function hasBatchDimension({ inputs, outputs }: Signature): boolean {
  return [...inputs, ...outputs].every((spec) => spec.shape[0] === -1);
}

/**
 * The only input of a raw binary request, whose body is the data and nothing else. One free dimension follows from the
 * length; where there are more, the first is a batch of one. BYTES: the body is the one element, without a length before it.
 * Throws INVALID_ARGUMENT where the signature leaves more open than that.
 */
export function rawTensor(body: Uint8Array, signature: Signature, where: string): Tensor {
  const [spec, another] = signature.inputs;
  if (!spec || another) throw new LeptonError('INVALID_ARGUMENT', `a raw binary request (inference-header-content-length 0) is for models with one input, but ${where} has ${signature.inputs.length}`);
  if (spec.datatype === 'BYTES') return singleElement(spec, body, where);
  return tensorFromBytes(spec.name, spec.datatype, shapeFor(spec, body.byteLength / DATATYPE_BYTES[spec.datatype], hasBatchDimension(signature), where), body);
}

function shapeFor({ name, shape }: TensorSpec, elements: number, batched: boolean, where: string): number[] {
  const free = shape.filter((size) => size === -1).length;
  const concrete = shape.map((size, axis) => (axis === 0 && batched && free > 1 ? 1 : size));
  const open = concrete.indexOf(-1);
  if (open !== concrete.lastIndexOf(-1)) throw new LeptonError('INVALID_ARGUMENT', `the shape [${shape.join(',')}] of input '${name}' of ${where} does not follow from the length of a raw binary request: more than one dimension is free`);
  if (open < 0) return concrete;
  const known = concrete.reduce((product, size) => (size === -1 ? product : product * size), 1);
  if (!Number.isInteger(elements / known)) throw new LeptonError('INVALID_ARGUMENT', `a raw binary request of ${elements} elements does not fill the shape [${shape.join(',')}] of input '${name}' of ${where}`);
  return concrete.with(open, elements / known);
}

function singleElement({ name, shape }: TensorSpec, body: Uint8Array, where: string): Tensor {
  if (shape.some((size) => size !== -1 && size !== 1)) throw new LeptonError('INVALID_ARGUMENT', `a raw binary request holds one BYTES element, but input '${name}' of ${where} has the shape [${shape.join(',')}]`);
  return { name, datatype: 'BYTES', shape: shape.map(() => 1), data: joinByteElements([body]) };
}
