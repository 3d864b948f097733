/** Tensors from the `instances` (rows) and `inputs` (columns) that TensorFlow Serving made common, by a version's signature. */
import { LeptonError, type Tensor, type TensorSpec, type VersionRoute } from '../../../../core/index.ts';
import { isObject, type JsonObject, own } from '../../codec/parse-json.ts';
import { show } from '../../codec/values.ts';
import { isBase64Object, tensorFromNested, tensorFromRows } from './nested-tensor.ts';

/** Row format: a list with a value for each row or, by input name, an object. All inputs get the row as their first dimension. */
export function tensorsFromInstances(route: VersionRoute, instances: unknown): Tensor[] {
  const { inputs } = route.signature;
  if (!Array.isArray(instances)) throw new LeptonError('INVALID_ARGUMENT', `instances must be a list, not ${show(instances)}`);
  if (instances.length === 0) throw new LeptonError('INVALID_ARGUMENT', 'instances is empty; it must hold at least one');
  const named = isNamed(instances[0]);
  instances.forEach((instance, row) => {
    if (isNamed(instance) !== named) throw new LeptonError('INVALID_ARGUMENT', `instances[${row}] is ${named ? `${show(instance)}, but instances[0] an object by input name` : `an object, but instances[0] is ${show(instances[0])}`}: all must be alike`);
    if (named) checkNames(instance as JsonObject, inputs, `instances[${row}]`, route);
  });
  if (named) return inputs.map((spec) => tensorFromRows(spec, instances.map((instance) => own(instance as JsonObject, spec.name)), (row) => `instances[${row}].${spec.name}`));
  return [tensorFromRows(onlyInput(inputs, 'instances', route), instances, (row) => `instances[${row}]`)];
}

/** Column format: an object of whole tensors by input name, or the only input's tensor. */
export function tensorsFromInputs(route: VersionRoute, value: unknown): Tensor[] {
  const { inputs } = route.signature;
  if (!isNamed(value)) return [tensorFromNested(onlyInput(inputs, 'inputs', route), value, 'inputs')];
  checkNames(value, inputs, 'inputs', route);
  return inputs.map((spec) => tensorFromNested(spec, own(value, spec.name), `inputs.${spec.name}`));
}

/** Throws INVALID_ARGUMENT saying which names of inputs are missing and which are none. */
export function refuseNames(given: readonly string[], inputs: readonly TensorSpec[], field: string, route: VersionRoute): never {
  const known = new Set(inputs.map(({ name }) => name));
  const has = new Set(given);
  const missing = [...known].filter((name) => !has.has(name));
  const extra = given.filter((name) => !known.has(name));
  const faults = [missing.length ? `lacks ${listed(missing)}` : '', extra.length ? `has ${listed(extra)}, which ${extra.length > 1 ? 'are no inputs' : 'is no input'}` : ''].filter(Boolean);
  throw new LeptonError('INVALID_ARGUMENT', `${field} ${faults.join(' and ')}; ${describeVersion(route)} takes ${listed([...known])}${indexHint(extra)}`);
}

/** pandas writes its row numbers as a first column without a name unless it is told not to. */
export const indexHint = (names: readonly string[]): string => (names.includes('') ? '; a column without a name is pandas’ index: write with to_csv(index=False)' : '');

/** For messages: `'a', 'b'`, at most 20. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).map((name) => `'${name.slice(0, 100)}'`).join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}

/** For messages: which version's signature is meant. */
export const describeVersion = (route: VersionRoute): string => `version '${route.version}'`;

const isNamed = (value: unknown): value is JsonObject => isObject(value) && !isBase64Object(value);

function checkNames(given: JsonObject, inputs: readonly TensorSpec[], field: string, route: VersionRoute): void {
  const keys = Object.keys(given);
  if (keys.length !== inputs.length || inputs.some(({ name }) => !Object.hasOwn(given, name))) refuseNames(keys, inputs, field, route);
}

function onlyInput(inputs: readonly TensorSpec[], field: string, route: VersionRoute): TensorSpec {
  const [only] = inputs;
  if (only && inputs.length === 1) return only;
  const names = listed(inputs.map(({ name }) => name));
  const form = field === 'instances' ? 'write each instance as an object by input name' : 'write an object by input name';
  throw new LeptonError('INVALID_ARGUMENT', `${field} names no inputs, but ${describeVersion(route)} takes ${inputs.length} (${names}): ${form}`);
}
