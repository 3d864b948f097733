import { Type, type TSchema, type TUnsafe, type Static } from 'typebox';
import { DIGEST_PATTERN, ERRORS, NAME_PATTERN, type Digest, type ErrorCode } from '../../../core/index.ts';

/**
 * Schemas validate what comes in and describe what goes out. A schema with a `title` becomes a named component of the
 * OpenAPI document, so titles are unique and are the type names of the generated clients.
 */

/** An object without further keys: unknown ones are refused with the nearest known key. */
export function closed<P extends Parameters<typeof Type.Object>[0]>(properties: P, options: { title?: string; description?: string } = {}) {
  return Type.Object<P>(properties, { ...options, additionalProperties: false });
}

/** An object whose keys are names that users chose. */
export function mapOf<S extends TSchema>(value: S, description: string): TUnsafe<Record<string, Static<S>>> {
  return Type.Unsafe<Record<string, Static<S>>>({ type: 'object', additionalProperties: value, description });
}

export const nullable = <S extends TSchema>(schema: S, description?: string) => Type.Union([schema, Type.Null()], description ? { description } : {});

export const Name = Type.String({ pattern: NAME_PATTERN, description: '1 to 128 letters, digits and `. _ + -`, the first a letter or digit.' });
export const DigestText = Type.Unsafe<Digest>({ type: 'string', pattern: DIGEST_PATTERN, description: '`sha256:` and 64 hexadecimal digits.' });
export const Time = Type.String({ description: 'ISO 8601, UTC.' });
export const Bytes = (description: string) => Type.Integer({ minimum: 0, description });
export const Strings = (description: string) => Type.Array(Type.String(), { description });

/** Longest time that a change may be waited for, seconds. */
export const WAIT_SECONDS_MAX = 600;
export const Wait = Type.Optional(
  Type.Number({ minimum: 0, maximum: WAIT_SECONDS_MAX, description: 'Answer when the change serves or has failed, after this many seconds at the latest; the answer then has `status`.' }),
);
export const DryRun = Type.Optional(Type.Boolean({ description: 'Say what would change and change nothing.' }));
export const ExpectRevision = Type.Optional(Type.Integer({ minimum: 0, description: 'Refuse with CONFLICT unless the service is at this revision now.' }));
export const Reason = Type.Optional(Type.String({ maxLength: 1000, description: 'Why; kept with the revision.' }));

export const ErrorBody = closed(
  {
    error: Type.String({ description: 'What was wrong, with the value, and what to do.' }),
    code: Type.Enum(Object.keys(ERRORS) as ErrorCode[], { description: 'Stable, for machines; see docs/reference/errors.md.' }),
    details: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description: 'More facts for machines.' })),
  },
  { title: 'Error' },
);

/** Free JSON object. */
export const FreeObject = (description: string) => Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description });
