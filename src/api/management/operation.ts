import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static, type TObject, type TSchema } from 'typebox';
import type { ErrorCode } from '../../core/index.ts';
import type { ManagementDependencies } from './types.ts';

/** Response types as the rest of the program has them: nothing in an answer is changed by us. */
export type DeepReadonly<T> = T extends (infer Item)[] ? readonly DeepReadonly<Item>[] : T extends object ? { readonly [Key in keyof T]: DeepReadonly<T[Key]> } : T;

/** One checked call. */
export interface Call<P extends TSchema, Q extends TSchema, B extends TSchema> {
  readonly params: Static<P>;
  readonly query: Static<Q>;
  readonly body: Static<B>;
  /** Who calls. */
  readonly actor: string;
  readonly dependencies: ManagementDependencies;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Description {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, in OpenAPI's form: `/repositories/{repository}`; `{path*}` takes the rest with its slashes. */
  readonly path: string;
  readonly id: string;
  readonly tag: 'platform' | 'repositories' | 'blobs' | 'services' | 'replicas' | 'scheduler' | 'environments' | 'events' | 'logs' | 'capture' | 'alerts' | 'feedback' | 'metrics' | 'maintenance';
  readonly summary: string;
  readonly description?: string;
  /** Status of success; default 200. */
  readonly status?: number;
  /** Errors beside INVALID_ARGUMENT and INTERNAL, which all may give. */
  readonly errors: readonly ErrorCode[];
  /** The request body is bytes as they are, never buffered. */
  readonly bytesIn?: boolean;
  /** Answers that are not JSON (the handler sends them itself), by content type. */
  readonly contentTypesOut?: readonly string[];
}

interface Schemas<P, Q, B, R> {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Absent: no JSON body. */
  readonly response?: R;
}

/** An operation of the API: its description and what it does. The routes and the OpenAPI document are made from these. */
export interface Operation extends Description, Schemas<TObject, TObject, TSchema, TSchema> {
  // biome-ignore lint/suspicious/noExplicitAny: the schemas beside it say what a call holds
  readonly handle: (call: Call<any, any, any>) => Promise<unknown>;
}

/** Types an operation's handler by its schemas. */
export function operation<P extends TObject = TObject<Record<never, never>>, Q extends TObject = TObject<Record<never, never>>, B extends TSchema = TSchema, R extends TSchema = TSchema>(
  definition: Description & Schemas<P, Q, B, R> & { readonly handle: (call: Call<P, Q, B>) => Promise<unknown extends Static<R> ? unknown : DeepReadonly<Static<R>>> },
): Operation {
  return definition as Operation;
}

/** `{ items: [...] }` would say nothing more: lists are plain arrays. */
export const listOf = <S extends TSchema>(item: S) => Type.Array(item);
