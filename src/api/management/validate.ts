import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { LeptonError, nearest } from '../../core/index.ts';

/** Where a value came from; begins the message of a refusal. */
export type Part = 'body' | 'query' | 'path';

interface Fault {
  readonly keyword: string;
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: object;
  readonly message: string;
}

/**
 * Compiles a schema into a check that answers the value with its type, or throws INVALID_ARGUMENT naming the field, its
 * value and, for an unknown key, the nearest known one. Texts of a query and a path become numbers and booleans where the
 * schema wants those; a body is never converted, and nothing is ever removed. The code is made at the first value: of
 * some forty operations most servers use a few.
 */
export function compileCheck<S extends TSchema>(part: Part, schema: S): (value: unknown) => Static<S> {
  const compile = () => Compile(schema);
  let compiled: ReturnType<typeof compile> | undefined;
  return (given) => {
    const validator = (compiled ??= compile());
    const value: unknown = part === 'body' ? given : validator.Convert({ ...(given as object) });
    if (validator.Check(value)) return value as Static<S>;
    throw new LeptonError('INVALID_ARGUMENT', explain(part, schema, value, validator.Errors(value) as readonly Fault[]));
  };
}

function explain(part: Part, schema: TSchema, value: unknown, faults: readonly Fault[]): string {
  if (part === 'body' && (value === undefined || value === null)) return 'the request needs a JSON body (content-type: application/json)';
  const unknownKey = faults.find((fault) => fault.keyword === 'additionalProperties');
  if (unknownKey) return explainUnknownKey(part, schema, unknownKey);
  const fault = faults.filter((candidate) => candidate.keyword !== 'anyOf').sort((a, b) => depth(b) - depth(a))[0] ?? faults[0];
  if (!fault) return `${part} does not fit its schema`;
  const allowed = (fault.params as { allowedValues?: unknown[] }).allowedValues;
  const rule = allowed ? `must be one of ${allowed.map((one) => JSON.stringify(one)).join(', ')}` : (patternInWords(schema, fault) ?? fault.message);
  return `${place(part, fault.instancePath)} ${rule}, but is ${brief(lookUp(value, fault.instancePath))}`;
}

/** What the schema says of a text that must match a pattern. */
function patternInWords(schema: TSchema, { keyword, schemaPath }: Fault): string | undefined {
  if (keyword !== 'pattern') return undefined;
  const { description } = (lookUp(schema, schemaPath.replace(/^#/, '').replace(/\/pattern$/, '')) ?? {}) as { description?: string };
  return description && `must be ${description.replaceAll('`', '').replace(/\.$/, '')}`;
}

const depth = (fault: Fault): number => fault.instancePath.split('/').length;

function explainUnknownKey(part: Part, schema: TSchema, fault: Fault): string {
  const key = (fault.params as { additionalProperties?: string[] }).additionalProperties?.[0] ?? '';
  const owner = lookUp(schema, fault.schemaPath.replace(/^#/, '').replace(/\/additionalProperties$/, '')) as { properties?: object } | undefined;
  const known = Object.keys(owner?.properties ?? {});
  const meant = nearest(key, known);
  const hint = meant ? `did you mean ${JSON.stringify(meant)}?` : known.length ? `known are ${known.join(', ')}` : 'none is known';
  return `${place(part, fault.instancePath)} has the unknown ${part === 'query' ? 'parameter' : 'key'} ${brief(key)}: ${hint}`;
}

/** `/deployments/0/replicas` as `deployments[0].replicas`. */
function place(part: Part, pointer: string): string {
  if (pointer === '') return part;
  const steps = pointerSteps(pointer).map((step, index) => (/^\d+$/.test(step) ? `[${step}]` : index ? `.${step}` : step));
  return part === 'body' ? steps.join('') : `${part} parameter ${steps.join('')}`;
}

const pointerSteps = (pointer: string): string[] =>
  pointer.split('/').slice(1).map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

function lookUp(value: unknown, pointer: string): unknown {
  let current = value;
  for (const step of pointerSteps(pointer)) current = typeof current === 'object' && current !== null && Object.hasOwn(current, step) ? (current as Record<string, unknown>)[step] : undefined;
  return current;
}

function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
