import { LeptonError, type Tensor, type TensorSpec, type VersionRoute } from '../../../../core/index.ts';
import { tensorFromRows } from '../json/nested-tensor.ts';
import { describeVersion, listed } from '../json/signature-tensors.ts';
import { csvCell, isFloat } from './csv.ts';
import type { DataFrame } from './data-frame.ts';

/**
 * A data frame as the inputs of a version: columns go to the inputs of their names; where the only input has another name,
 * the columns are its second dimension, in their order. Throws INVALID_ARGUMENT naming what is missing or too much.
 */
export function tensorsFromFrame(route: VersionRoute, frame: DataFrame): Tensor[] {
  const { inputs } = route.signature;
  const [only] = inputs;
  if (only && inputs.length === 1 && !(frame.width === 1 && frame.columns?.[0] === only.name)) return [wholeFrame(route, only, frame)];
  if (!frame.columns) throw new LeptonError('INVALID_ARGUMENT', `the data frame names no columns, but ${describeVersion(route)} takes ${inputs.length} inputs: ${listed(inputs.map(({ name }) => name))}`);
  checkColumns(route, frame.columns);
  return inputs.map((spec) => column(spec, frame, (frame.columns as readonly string[]).indexOf(spec.name)));
}

/** All columns as one input. */
function wholeFrame(route: VersionRoute, spec: TensorSpec, frame: DataFrame): Tensor {
  if (frame.width === 1) return column(spec, frame, 0);
  const { name, shape } = spec;
  if (shape.length !== 2) throw new LeptonError('INVALID_ARGUMENT', `input '${name}' of ${describeVersion(route)} has shape [${shape.join(',')}], which ${frame.width} columns cannot fill: send 'instances' or 'inputs' instead`);
  if (shape[1] !== -1 && shape[1] !== frame.width) throw new LeptonError('INVALID_ARGUMENT', `the data frame has ${frame.width} columns (${listed(frame.columns ?? [])}), but input '${name}' of ${describeVersion(route)} takes ${shape[1]}${indexHint(frame.columns)}`);
  return tensorFromRows(spec, frame.rows.map((row) => row.map((cell) => cellValue(cell, spec))), frame.placeOfRow, (index) => `, column '${frame.columns?.[index] ?? index}'`);
}

/** One column as one input, also of shape [-1,1]; its cells may be lists. */
function column(spec: TensorSpec, frame: DataFrame, index: number): Tensor {
  const cells = frame.rows.map((row) => cellValue(row[index], spec));
  const tensor = tensorFromRows(spec, cells, (row) => `column '${frame.columns?.[index] ?? index}' of ${frame.placeOfRow(row)}`);
  return tensor.shape.length === 1 && spec.shape.length === 2 ? { ...tensor, shape: [...tensor.shape, 1] } : tensor;
}

/** pandas has no null among numbers: it stands for NaN. */
const cellValue = (cell: unknown, { datatype }: TensorSpec): unknown => (cell === null && isFloat(datatype) ? 'NaN' : csvCell(cell, datatype));

function checkColumns(route: VersionRoute, columns: readonly string[]): void {
  const names = route.signature.inputs.map(({ name }) => name);
  const missing = names.filter((name) => !columns.includes(name));
  const extra = columns.filter((name) => !names.includes(name));
  if (missing.length + extra.length === 0) return;
  const faults = [missing.length ? `lacks the columns ${listed(missing)}` : '', extra.length ? `has the columns ${listed(extra)}, which are no inputs` : ''].filter(Boolean);
  throw new LeptonError('INVALID_ARGUMENT', `the data frame ${faults.join(' and ')}; ${describeVersion(route)} takes ${listed(names)}${indexHint(extra)}`);
}

/** pandas writes its row numbers as a first column without a name unless it is told not to. */
const indexHint = (columns: readonly string[] | null): string => (columns?.includes('') ? '; a column without a name is pandas’ index: write with to_csv(index=False)' : '');
