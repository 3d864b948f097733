import type { SpecChange } from '../../../../clients/typescript/src/types.ts';

/** Each leaf in which two declarations differ. Lists whose members have a `version` are compared by it, others as a whole. */
export function differences(from: unknown, to: unknown, path = ''): SpecChange[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  const [left, right] = [fieldsOf(from), fieldsOf(to)];
  if (!left || !right) return [{ path, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }];
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return names.flatMap((name) => differences(left[name], right[name], path ? `${path}.${name}` : name));
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  if (Array.isArray(value)) return value.every((member) => typeof member?.version === 'string') ? Object.fromEntries(value.map((member) => [member.version as string, member])) : null;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
}
