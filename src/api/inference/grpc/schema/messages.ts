import protobuf from 'protobufjs';
import { LeptonError } from '../../../../core/index.ts';
import { FEEDBACK_PROTO } from './feedback-proto.ts';
import { HEALTH_PROTO } from './health-proto.ts';
import { INFERENCE_PROTO } from './inference-proto.ts';
import { reflectionProto } from './reflection-proto.ts';

/** A file of schema, as reflection hands it out. */
export interface SchemaFile {
  readonly name: string;
  readonly text: string;
}

export const SCHEMA_FILES: readonly SchemaFile[] = [
  { name: 'inference.proto', text: INFERENCE_PROTO },
  { name: 'lepton/v1/feedback.proto', text: FEEDBACK_PROTO },
  { name: 'grpc/health/v1/health.proto', text: HEALTH_PROTO },
  { name: 'grpc/reflection/v1/reflection.proto', text: reflectionProto('v1') },
  { name: 'grpc/reflection/v1alpha/reflection.proto', text: reflectionProto('v1alpha') },
];

/** A schema's text as protobufjs understands it, apart from all others. */
export function parseSchema(text: string): protobuf.Root {
  const root = new protobuf.Root();
  protobuf.parse(text, root, { keepCase: true });
  return root.resolveAll() as protobuf.Root;
}

const roots: protobuf.Root[] = [];
const types = new Map<string, protobuf.Type>();

/** Schemas are parsed when they are first needed. */
function typeOf(name: string): protobuf.Type {
  let type = types.get(name);
  if (type) return type;
  if (roots.length === 0) roots.push(...SCHEMA_FILES.map(({ text }) => parseSchema(text)));
  const root = roots.find((candidate) => candidate.lookup(name, protobuf.Type) !== null) as protobuf.Root;
  types.set(name, (type = root.lookupType(name)));
  return type;
}

/**
 * Decodes a client's bytes as the message of this full name; absent fields have their defaults, 64-bit integers are texts,
 * `oneof`s name the field that is set. Throws INVALID_ARGUMENT when they are not such a message.
 */
export function decodeMessage<T>(name: string, bytes: Uint8Array): T {
  const type = typeOf(name);
  try {
    return type.toObject(type.decode(bytes), { longs: String, enums: String, defaults: true, oneofs: true }) as T;
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `the message is not a ${name.slice(name.lastIndexOf('.') + 1)}: ${(cause as Error).message}`, { cause });
  }
}

/** Encodes a plain object; enumeration values may be names. */
export function encodeMessage(name: string, value: object): Buffer {
  const type = typeOf(name);
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}
