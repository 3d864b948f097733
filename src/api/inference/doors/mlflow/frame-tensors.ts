import { LeptonError, type Tensor, type TensorSpec, type VersionRoute } from '../../../../core/index.ts';
import { tensorFromRows } from '../json/nested-tensor.ts';
import { describeVersion, indexHint, listed, refuseNames } from '../json/signature-tensors.ts';
import type { DataFrame } from './data-frame.ts';

/**
 * A data frame as the inputs of a version: columns go to the inputs of their names; an only input takes all of them
 * in their order, whatever their names, as its second dimension. Throws INVALID_ARGUMENT naming what is missing or too much.
 */
export function tensorsFromFrame(route: VersionRoute, frame: DataFrame): Tensor[] {
  const { inputs } = route.signature;
  const [only] = inputs;
  if (only && inputs.length === 1) return [wholeFrame(route, only, frame)];
  if (!frame.columns) throw new LeptonError('INVALID_ARGUMENT', `the data frame names no columns, but ${describeVersion(route)} takes ${inputs.length} inputs: ${listed(inputs.map(({ name }) => name))}`);
  const places = new Map(frame.columns.map((name, index) => [name, index]));
  if (places.size !== inputs.length || inputs.some(({ name }) => !places.has(name))) refuseNames(frame.columns, inputs, 'the data frame', route);
  return inputs.map((spec) => column(spec, frame, places.get(spec.name) as number));
}

/** All columns as one input. */
function wholeFrame(route: VersionRoute, spec: TensorSpec, frame: DataFrame): Tensor {
  const { name, shape, untyped } = spec;
  const rank = untyped ? 2 : shape.length;
  if (frame.width === 1 && (rank !== 2 || Array.isArray(frame.rows[0]?.[0]))) return column(spec, frame, 0);
  if (rank !== 2) throw new LeptonError('INVALID_ARGUMENT', `input '${name}' of ${describeVersion(route)} has shape [${shape.join(',')}], which ${frame.width} columns cannot fill: send 'instances' or 'inputs' instead`);
  if (!untyped && shape[1] !== -1 && shape[1] !== frame.width) throw new LeptonError('INVALID_ARGUMENT', `the data frame has ${frame.width} columns (${listed(frame.columns ?? [])}), but input '${name}' of ${describeVersion(route)} takes ${shape[1]}${indexHint(frame.columns ?? [])}`);
  return tensorFromRows(spec, frame.rows.map((row) => row.map((cell) => frame.read(cell, spec.datatype))), frame.placeOfRow, (index) => `, column '${frame.columns?.[index] ?? index}'`);
}

/** One column as one input, also of shape [-1,1]; its cells may be lists. */
function column(spec: TensorSpec, frame: DataFrame, index: number): Tensor {
  const cells = frame.rows.map((row) => frame.read(row[index], spec.datatype));
  const tensor = tensorFromRows(spec, cells, (row) => `column '${frame.columns?.[index] ?? index}' of ${frame.placeOfRow(row)}`);
  return tensor.shape.length === 1 && spec.shape.length === 2 ? { ...tensor, shape: [...tensor.shape, 1] } : tensor;
}
