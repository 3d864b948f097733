import protobuf from 'protobufjs';
import { LeptonError, MODEL_CONFIG_PROTO } from '../../../core/index.ts';
import { PROTO } from './proto.ts';

const root = new protobuf.Root();
for (const text of [MODEL_CONFIG_PROTO, PROTO]) protobuf.parse(text, root, { keepCase: true });
root.resolveAll();

/** 64-bit numbers come out of protobufjs as objects with these. */
export interface Long64 {
  toNumber(): number;
  toString(): string;
}

export interface ParameterMessage {
  readonly parameter_choice?: string;
  readonly bool_param?: boolean;
  readonly int64_param?: Long64 | number;
  readonly string_param?: string;
  readonly double_param?: number;
  readonly uint64_param?: Long64 | number;
}
export interface ContentsMessage {
  readonly bool_contents: readonly boolean[];
  readonly int_contents: readonly number[];
  readonly int64_contents: readonly (Long64 | number)[];
  readonly uint_contents: readonly number[];
  readonly uint64_contents: readonly (Long64 | number)[];
  readonly fp32_contents: readonly number[];
  readonly fp64_contents: readonly number[];
  readonly bytes_contents: readonly Uint8Array[];
}
export interface InputMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly (Long64 | number)[];
  readonly parameters: Readonly<Record<string, ParameterMessage>>;
  readonly contents?: ContentsMessage | null;
}
export interface InferRequestMessage {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, ParameterMessage>>;
  readonly inputs: readonly InputMessage[];
  readonly outputs: readonly { readonly name: string; readonly parameters: Readonly<Record<string, ParameterMessage>> }[];
  readonly raw_input_contents: readonly Uint8Array[];
}

export type MessageName =
  | 'ServerLiveResponse' | 'ServerReadyResponse' | 'ModelReadyRequest' | 'ModelReadyResponse' | 'ServerMetadataResponse'
  | 'ModelMetadataResponse' | 'ModelInferRequest' | 'ModelInferResponse' | 'ModelStreamInferResponse' | 'ModelConfigResponse'
  | 'ModelStatisticsRequest' | 'ModelStatisticsResponse' | 'RepositoryIndexRequest' | 'RepositoryIndexResponse';

const types = new Map<string, protobuf.Type>();

function typeOf(name: MessageName): protobuf.Type {
  let type = types.get(name);
  if (!type) types.set(name, (type = root.lookupType(`inference.${name}`)));
  return type;
}

/** Decodes a client's bytes; throws INVALID_ARGUMENT when they are not such a message. */
export function decodeMessage<T>(name: MessageName, bytes: Uint8Array): T {
  try {
    return typeOf(name).decode(bytes) as unknown as T;
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `the message is not a ${name}: ${(cause as Error).message}`, { cause });
  }
}

/** Encodes a plain object; enumeration values may be names. */
export function encodeMessage(name: MessageName, value: object): Buffer {
  const type = typeOf(name);
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}

/** As encodeMessage, for objects that already have the message's exact form: no conversion. */
export function encodePrepared(name: MessageName, value: object): Buffer {
  return Buffer.from(typeOf(name).encode(value as protobuf.Message).finish());
}

/** A 64-bit number as number when exact, otherwise as bigint. */
export function exact(value: Long64 | number): number | bigint {
  if (typeof value === 'number') return value;
  const number = value.toNumber();
  return Number.isSafeInteger(number) ? number : BigInt(value.toString());
}
