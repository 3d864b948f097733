import protobuf from 'protobufjs';
import * as textformatModule from 'protobufjs/ext/textformat.js';
import { type BatchingHint, LeptonError, MODEL_CONFIG_PROTO } from '../../core/index.ts';

/** What a `config.pbtxt` means to us. */
export interface TritonModelConfig {
  readonly batching: BatchingHint;
  /** Instances on the CPU; null: not said. */
  readonly replicas: number | null;
  /** Parts that are set and have no meaning here, by their field's name. */
  readonly ignored: readonly string[];
}

interface ParsedConfig {
  name?: string;
  platform?: string;
  backend?: string;
  max_batch_size?: number;
  dynamic_batching?: { preferred_batch_size?: number[]; max_queue_delay_microseconds?: string };
  instance_group?: { count?: number; kind?: string }[];
}

const USED: ReadonlySet<string> = new Set(['name', 'platform', 'backend', 'max_batch_size', 'input', 'output', 'dynamic_batching', 'instance_group', 'version_policy', 'default_model_filename']);
const REPLICAS_MAX = 64;

// The package is CommonJS built at run time, so its names are only on the default export.
const { fromText } = (textformatModule as unknown as { default: typeof textformatModule }).default;
const ModelConfig = protobuf.parse(MODEL_CONFIG_PROTO, { keepCase: true }).root.lookupType('inference.ModelConfig');

/** Parses protobuf text format. Throws MODEL_INVALID with the line of a mistake, another model's name, or a platform other than ONNX. */
export function parseTritonConfig(text: string, modelName: string): TritonModelConfig {
  const config = parse(text);
  if (config.name && config.name !== modelName) throw new LeptonError('MODEL_INVALID', `config.pbtxt: name '${config.name}' is not that of its directory, '${modelName}'`);
  checkPlatform(config);
  return { batching: batchingHint(config), replicas: replicas(config), ignored: Object.keys(config).filter((field) => !USED.has(field)) };
}

function parse(text: string): ParsedConfig {
  try {
    return ModelConfig.toObject(fromText(ModelConfig, text), { longs: String, enums: String }) as ParsedConfig;
  } catch (cause) {
    throw new LeptonError('MODEL_INVALID', `config.pbtxt: ${(cause as Error).message}`, { cause });
  }
}

function checkPlatform(config: ParsedConfig): void {
  const platform = config.platform || config.backend || 'onnxruntime';
  if (!['onnxruntime_onnx', 'onnxruntime'].includes(platform)) throw new LeptonError('MODEL_INVALID', `config.pbtxt: platform '${platform}' can't be served; only onnxruntime_onnx can`);
}

function batchingHint(config: ParsedConfig): BatchingHint {
  const maxBatchSize = config.max_batch_size ?? 0;
  if (maxBatchSize < 0) throw new LeptonError('MODEL_INVALID', `config.pbtxt: max_batch_size ${maxBatchSize} is negative`);
  const dynamic = config.dynamic_batching;
  return {
    maxBatchSize,
    ...(dynamic?.preferred_batch_size?.length ? { preferred: dynamic.preferred_batch_size } : {}),
    ...(dynamic?.max_queue_delay_microseconds ? { maxDelayMs: Number(dynamic.max_queue_delay_microseconds) / 1000 } : {}),
  };
}

function replicas(config: ParsedConfig): number | null {
  const count = (config.instance_group ?? []).filter((group) => group.kind !== 'KIND_GPU').reduce((sum, group) => sum + (group.count ?? 1), 0);
  return count > 0 ? Math.min(count, REPLICAS_MAX) : null;
}
