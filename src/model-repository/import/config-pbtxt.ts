/** The part of Triton's model configuration (`config.pbtxt`, protobuf text format) that an import needs; other fields are passed over. */
import protobuf from 'protobufjs';
import textformat from 'protobufjs/ext/textformat.js';
import { LeptonError } from '../../core/index.ts';

/** Field numbers don't matter to the text format; the names are those of Triton's `ModelConfig`. */
const SCHEMA = `
syntax = "proto2";
package inference;
message ModelTensor { optional string name = 1; optional string data_type = 2; repeated int64 dims = 3; }
message DynamicBatching { repeated int32 preferred_batch_size = 1; optional uint64 max_queue_delay_microseconds = 2; }
message InstanceGroup { optional int32 count = 1; optional string kind = 2; }
message Latest { optional uint32 num_versions = 1; }
message All {}
message Specific { repeated int64 versions = 1; }
message VersionPolicy { optional Latest latest = 1; optional All all = 2; optional Specific specific = 3; }
message ModelConfig {
  optional string name = 1;
  optional string platform = 2;
  optional string backend = 3;
  optional int32 max_batch_size = 4;
  optional string default_model_filename = 5;
  repeated ModelTensor input = 6;
  repeated ModelTensor output = 7;
  optional DynamicBatching dynamic_batching = 8;
  optional VersionPolicy version_policy = 9;
  repeated InstanceGroup instance_group = 10;
}
`;

/** Triton's enums are written as bare words, which the text format allows for enums only. */
const ENUMS = `
enum DataType { TYPE_INVALID = 0; TYPE_BOOL = 1; TYPE_UINT8 = 2; TYPE_UINT16 = 3; TYPE_UINT32 = 4; TYPE_UINT64 = 5; TYPE_INT8 = 6; TYPE_INT16 = 7;
  TYPE_INT32 = 8; TYPE_INT64 = 9; TYPE_FP16 = 10; TYPE_FP32 = 11; TYPE_FP64 = 12; TYPE_STRING = 13; TYPE_BF16 = 14; }
enum InstanceKind { KIND_AUTO = 0; KIND_GPU = 1; KIND_CPU = 2; KIND_MODEL = 3; }
`;

const root = protobuf.parse(SCHEMA.replace('string data_type', 'DataType data_type').replace('string kind', 'InstanceKind kind') + ENUMS, { keepCase: true }).root;
const modelConfigType = passingOverUnknownFields(root.lookupType('inference.ModelConfig'));

export interface ModelConfigTensor {
  readonly name: string;
  /** `TYPE_FP32` */
  readonly dataType: string;
  readonly dims: readonly number[];
}

export interface ModelConfig {
  readonly name: string | null;
  readonly platform: string | null;
  readonly backend: string | null;
  /** 0: the model takes no batches; null: nothing said. */
  readonly maxBatchSize: number | null;
  /** Name of the file inside a version's directory. */
  readonly defaultModelFilename: string | null;
  readonly inputs: readonly ModelConfigTensor[];
  readonly outputs: readonly ModelConfigTensor[];
  readonly dynamicBatching: { readonly preferredBatchSizes: readonly number[]; readonly maxQueueDelayMs: number } | null;
  readonly versionPolicy: { readonly kind: 'all' } | { readonly kind: 'latest'; readonly count: number } | { readonly kind: 'specific'; readonly versions: readonly string[] } | null;
  /** Sum over the groups; null: nothing said. */
  readonly instanceCount: number | null;
}

/** Parses the text; throws INVALID_ARGUMENT with the line. */
export function parseModelConfig(text: string): ModelConfig {
  let parsed: Parsed;
  try {
    const message = textformat.fromText(modelConfigType, text);
    parsed = modelConfigType.toObject(message, { enums: String, longs: Number, arrays: true }) as Parsed;
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `config.pbtxt: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  return {
    name: parsed.name ?? null,
    platform: parsed.platform ?? null,
    backend: parsed.backend ?? null,
    maxBatchSize: parsed.max_batch_size === undefined ? null : Math.max(0, parsed.max_batch_size),
    defaultModelFilename: parsed.default_model_filename || null,
    inputs: parsed.input.map(toTensor),
    outputs: parsed.output.map(toTensor),
    dynamicBatching: parsed.dynamic_batching ? { preferredBatchSizes: parsed.dynamic_batching.preferred_batch_size, maxQueueDelayMs: (parsed.dynamic_batching.max_queue_delay_microseconds ?? 0) / 1000 } : null,
    versionPolicy: toVersionPolicy(parsed.version_policy),
    instanceCount: parsed.instance_group.length === 0 ? null : parsed.instance_group.reduce((sum, group) => sum + Math.max(1, group.count ?? 1), 0),
  };
}

interface ParsedTensor {
  readonly name?: string;
  readonly data_type?: string;
  readonly dims: readonly number[];
}
interface Parsed {
  readonly name?: string;
  readonly platform?: string;
  readonly backend?: string;
  readonly max_batch_size?: number;
  readonly default_model_filename?: string;
  readonly input: readonly ParsedTensor[];
  readonly output: readonly ParsedTensor[];
  readonly dynamic_batching?: { readonly preferred_batch_size: readonly number[]; readonly max_queue_delay_microseconds?: number };
  readonly version_policy?: { readonly latest?: { readonly num_versions?: number }; readonly all?: object; readonly specific?: { readonly versions: readonly number[] } };
  readonly instance_group: readonly { readonly count?: number; readonly kind?: string }[];
}

const toTensor = (tensor: ParsedTensor): ModelConfigTensor => ({ name: tensor.name ?? '', dataType: tensor.data_type ?? 'TYPE_INVALID', dims: tensor.dims });

function toVersionPolicy(policy: Parsed['version_policy']): ModelConfig['versionPolicy'] {
  if (policy?.all) return { kind: 'all' };
  if (policy?.latest) return { kind: 'latest', count: policy.latest.num_versions ?? 1 };
  if (policy?.specific) return { kind: 'specific', versions: policy.specific.versions.map(String) };
  return null;
}

/** The text format's reader skips names that a type reserves, value and all; ours reserve every name that they don't have. */
function passingOverUnknownFields(type: protobuf.Type): protobuf.Type {
  for (const nested of type.root.nestedArray.flatMap(typesIn)) nested.isReservedName = () => true;
  return type;
}

function typesIn(object: protobuf.ReflectionObject): protobuf.Type[] {
  if (object instanceof protobuf.Type) return [object, ...object.nestedArray.flatMap(typesIn)];
  return object instanceof protobuf.Namespace ? object.nestedArray.flatMap(typesIn) : [];
}
