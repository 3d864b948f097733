/** `lepton-model.json`: how a version is served by a Python worker. Its form is protocol/lepton-model.schema.json. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Compile } from 'typebox/schema';
import schema from '../../../protocol/lepton-model.schema.json' with { type: 'json' };
import { type EnvironmentSpec, LeptonError, nearest, type PythonFormat, type Signature } from '../../core/index.ts';
import { checkDescriptor } from './descriptor-checks.ts';
import { DESCRIPTOR_FILE } from './recognise.ts';

export interface Descriptor {
  readonly schema: 1;
  readonly format: PythonFormat;
  readonly entry: string;
  readonly signature: Signature;
  readonly batching?: { readonly axis0?: boolean };
  readonly environment: EnvironmentSpec;
  readonly options?: Readonly<Record<string, unknown>>;
}

const BYTES_MAX = 2 ** 20;

const invalid = (message: string, cause?: unknown): LeptonError => new LeptonError('MODEL_INVALID', `${DESCRIPTOR_FILE}: ${message}`, { cause });

/** Reads and checks the descriptor of an artefact with these files. Throws MODEL_INVALID, naming the field and its value. */
export async function readDescriptor(directory: string, paths: readonly string[]): Promise<Descriptor> {
  const file = join(directory, DESCRIPTOR_FILE);
  const { size } = await stat(file);
  if (size > BYTES_MAX) throw invalid(`has ${size} bytes, the most allowed are ${BYTES_MAX}`);
  const descriptor = checkForm(parse(await readFile(file)));
  checkDescriptor(descriptor, paths, (message) => {
    throw invalid(message);
  });
  return descriptor;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid(`is not JSON: ${(cause as Error).message}`, cause);
  }
}

interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: { readonly additionalProperties?: readonly string[]; readonly requiredProperties?: readonly string[]; readonly allowedValues?: readonly unknown[] };
  readonly message: string;
}

function checkForm(value: unknown): Descriptor {
  const validator = Compile(schema as object);
  if (validator.Check(value)) return value as unknown as Descriptor;
  const [, faults] = validator.Errors(value) as unknown as [boolean, readonly Fault[]];
  throw invalid(explain(value, faults));
}

function explain(value: unknown, faults: readonly Fault[]): string {
  const fault = faults.find(({ keyword }) => keyword === 'additionalProperties') ?? faults[0];
  if (!fault) return 'does not fit its schema';
  const { additionalProperties, requiredProperties, allowedValues } = fault.params;
  const where = fault.instancePath === '' ? 'it' : fault.instancePath.slice(1).replace(/\/(\d+)/g, '[$1]').replaceAll('/', '.');
  const given = lookUp(value, fault.instancePath);
  if (fault.keyword === 'additionalProperties') {
    const key = additionalProperties?.[0] ?? '';
    const meant = nearest(key, knownKeys());
    return `${where} has the unknown key ${JSON.stringify(key)}${meant === undefined || meant === key ? '' : `; did you mean ${JSON.stringify(meant)}?`}`;
  }
  if (fault.keyword === 'required') return `${where} lacks ${requiredProperties?.filter((key) => !Object.hasOwn(given as object, key)).join(', ')}`;
  if (fault.keyword === 'pattern' && fault.instancePath.startsWith('/environment/requirements')) return `${where} must be one exact pin such as numpy==2.1.0, but is ${shown(given)}`;
  const rule = allowedValues ? `must be one of ${allowedValues.map((one) => JSON.stringify(one)).join(', ')}` : fault.message;
  return `${where} ${rule}, but is ${shown(given)}`;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? String(value)).slice(0, 200);

function lookUp(value: unknown, pointer: string): unknown {
  return pointer.split('/').slice(1).reduce<unknown>((inner, step) => (inner as Record<string, unknown> | undefined)?.[step.replaceAll('~1', '/').replaceAll('~0', '~')], value);
}

const knownKeys = (): string[] => ['schema', 'format', 'entry', 'signature', 'batching', 'environment', 'options', 'inputs', 'outputs', 'name', 'datatype', 'shape', 'dimensionNames', 'untyped', 'axis0', 'python', 'requirements'];
