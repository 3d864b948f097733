import { LeptonError } from '../../../core/index.ts';
import { asObject, asString } from './parse-json.ts';
import type { ParameterValue } from './types.ts';
import { show } from './values.ts';

/** Most inputs, outputs and parameters of one request. */
export const ENTRIES_MAX = 1024;
export type Parameters = ReadonlyMap<string, ParameterValue>;
export const NO_PARAMETERS: Parameters = new Map();

/** Parameters are flat: strings, numbers and booleans by name. */
export function decodeParameters(value: unknown, field: string): Parameters {
  if (value === undefined || value === null) return NO_PARAMETERS;
  const entries = Object.entries(asObject(value, field));
  if (entries.length > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${entries.length} entries, more than ${ENTRIES_MAX}`);
  const parameters = new Map<string, ParameterValue>();
  for (const [name, parameter] of entries) {
    const where = `${field}.${name.slice(0, 100)}`;
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof parameter)) throw new LeptonError('INVALID_ARGUMENT', `${where} is ${show(parameter)}, not a string, number or boolean`);
    parameters.set(asString(name, `a name in ${field}`), typeof parameter === 'string' ? asString(parameter, where) : (parameter as ParameterValue));
  }
  return parameters;
}

export function flag(parameters: Parameters, name: string, field: string): boolean | undefined {
  const value = parameters.get(name);
  if (value === undefined || typeof value === 'boolean') return value;
  throw new LeptonError('INVALID_ARGUMENT', `${field}.${name} is ${show(value)}, not true or false`);
}

/** undefined if it isn't there; throws INVALID_ARGUMENT if it is something else than a whole number from 0 to 2^53. */
export function wholeNumber(parameters: Parameters, name: string, field: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | undefined;
  throw new LeptonError('INVALID_ARGUMENT', `${field}.${name} is ${show(value)}, not a whole number from 0 to 2^53`);
}

/** Tensors by reference to memory of the client's machine. */
export const noSharedMemory = (where = ''): LeptonError => new LeptonError('UNSUPPORTED', `${where}shared memory regions are not served; send the data`);

/** Throws UNSUPPORTED. */
export function refuseSharedMemory(parameters: Parameters, field: string): void {
  if (parameters.has('shared_memory_region')) throw noSharedMemory(`${field}: `);
}
