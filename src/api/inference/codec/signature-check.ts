import { LeptonError, nearest, specFits, type Signature, type Tensor, type TensorSpec } from '../../../core/index.ts';
import { hasClasses } from './classification.ts';
import { rawTensor } from './raw-input.ts';
import type { InferenceRequest } from './types.ts';

/**
 * Compiles a version's signature into a check of requests: names, datatypes, ranks, fixed sizes, and equal sizes for
 * dimensions of one name, and at most `rowsMax` rows if that is declared. The check returns the inputs in the signature's
 * order and throws INVALID_ARGUMENT.
 */
export function compileSignatureCheck(service: string, version: string, signature: Signature, rowsMax = Number.POSITIVE_INFINITY): (request: InferenceRequest) => Tensor[] {
  const where = `model '${service}' version '${version}'`;
  const specs = new Map(signature.inputs.map((spec, index) => [spec.name, index]));
  const outputs = new Map(signature.outputs.map((spec) => [spec.name, spec]));
  const hasNames = signature.inputs.some((spec) => spec.dimensionNames?.some((name) => name !== ''));

  return (request) => {
    const ordered: Tensor[] = [];
    for (const tensor of request.rawInput ? [rawTensor(request.rawInput, signature, where)] : request.inputs) {
      const index = specs.get(tensor.name);
      if (index === undefined) throw new LeptonError('INVALID_ARGUMENT', `unexpected inference input '${clip(tensor.name)}' for ${where}${suggestion(tensor.name, specs.keys())}`);
      if (ordered[index]) throw new LeptonError('INVALID_ARGUMENT', `input '${tensor.name}' is given twice`);
      const spec = signature.inputs[index] as TensorSpec;
      checkTensor(tensor, spec, where);
      if (spec.shape[0] === -1 && (tensor.shape[0] as number) > rowsMax) throw new LeptonError('INVALID_ARGUMENT', `input '${tensor.name}' has ${tensor.shape[0]} rows, but ${where} takes at most ${rowsMax} in one request (max_batch_size)`);
      ordered[index] = tensor;
    }
    for (const [index, spec] of signature.inputs.entries()) {
      if (!ordered[index]) throw new LeptonError('INVALID_ARGUMENT', `input '${spec.name}' is missing: ${where} expects ${signature.inputs.length} inputs but got ${request.inputs.length}`);
    }
    if (hasNames) checkNamedDimensions(ordered, signature.inputs);
    for (const { name, classification } of request.outputs ?? []) {
      const spec = outputs.get(name);
      if (!spec) throw new LeptonError('INVALID_ARGUMENT', `unexpected inference output '${clip(name)}' for ${where}${suggestion(name, outputs.keys())}`);
      if (classification && !spec.untyped && !hasClasses(spec.datatype)) throw new LeptonError('INVALID_ARGUMENT', `output '${name}' of ${where} is ${spec.datatype}, which has no order: classification needs a datatype of numbers`);
    }
    return ordered;
  };
}

function checkTensor(tensor: Tensor, spec: TensorSpec, where: string): void {
  if (!spec.untyped && tensor.datatype !== spec.datatype) throw new LeptonError('INVALID_ARGUMENT', `input '${tensor.name}' has datatype ${tensor.datatype}, but ${where} takes ${spec.datatype}`);
  if (!specFits(tensor.shape, spec)) throw new LeptonError('INVALID_ARGUMENT', `input '${tensor.name}' has shape [${tensor.shape.join(',')}], but ${where} takes [${spec.shape.join(',')}]`);
}

function checkNamedDimensions(tensors: readonly Tensor[], specs: readonly TensorSpec[]): void {
  const sizes = new Map<string, { size: number; at: string }>();
  specs.forEach((spec, index) => {
    spec.dimensionNames?.forEach((name, axis) => {
      if (!name || spec.shape[axis] !== -1) return;
      const size = tensors[index]?.shape[axis] as number;
      const known = sizes.get(name);
      if (!known) sizes.set(name, { size, at: `'${spec.name}'` });
      else if (known.size !== size) throw new LeptonError('INVALID_ARGUMENT', `dimension ${axis} ('${name}') of input '${spec.name}' is ${size}, but ${known.size} in input ${known.at}`);
    });
  });
}

function suggestion(name: string, candidates: Iterable<string>): string {
  const all = [...candidates];
  const meant = name.length <= 128 ? nearest(name, all) : undefined;
  return meant ? `; did you mean '${meant}'?` : `; it has ${all.slice(0, 20).map((each) => `'${each}'`).join(', ')}`;
}

const clip = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);
