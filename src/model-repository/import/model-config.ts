import protobuf from 'protobufjs';
import * as textformatModule from 'protobufjs/ext/textformat.js';
import { type BatchingHint, LeptonError, MODEL_CONFIG_PROTO } from '../../core/index.ts';
import type { VersionPolicy } from './version-policy.ts';

/** What a `config.pbtxt` means to us. */
export interface TritonModelConfig {
  readonly batching: BatchingHint;
  /** Most requests that may wait, from dynamic_batching.default_queue_policy; null: not said. */
  readonly queueLengthMax: number | null;
  /** null: not said. */
  readonly versionPolicy: VersionPolicy | null;
  /** Instances on the CPU; null: not said. */
  readonly replicas: number | null;
  /** File of an output's labels, below the model's directory, by output. */
  readonly labelFiles: ReadonlyMap<string, string>;
  /** FORMAT_NCHW or FORMAT_NHWC by input, where it is said. */
  readonly inputFormats: Readonly<Record<string, string>>;
  /** Parts that are set and have no meaning here, by their field's name. */
  readonly ignored: readonly string[];
}

interface ParsedConfig {
  name?: string;
  platform?: string;
  backend?: string;
  max_batch_size?: number;
  version_policy?: { latest?: { num_versions?: number }; all?: object; specific?: { versions?: string[] } };
  dynamic_batching?: { preferred_batch_size?: number[]; max_queue_delay_microseconds?: string; default_queue_policy?: { max_queue_size?: number } };
  input?: { name?: string; format?: string }[];
  output?: { name?: string; label_filename?: string }[];
  instance_group?: { count?: number; kind?: string }[];
}

const USED: ReadonlySet<string> = new Set(['name', 'platform', 'backend', 'max_batch_size', 'input', 'output', 'dynamic_batching', 'instance_group', 'version_policy', 'default_model_filename']);
const USED_OF_BATCHING: ReadonlySet<string> = new Set(['preferred_batch_size', 'max_queue_delay_microseconds', 'default_queue_policy']);
const USED_OF_QUEUE: ReadonlySet<string> = new Set(['max_queue_size']);
const REPLICAS_MAX = 64;
/** The engine takes no longer queue. */
const QUEUE_LENGTH_MAX = 1_000_000;
const LINE_LENGTH_MAX = 120;

// The package is CommonJS built at run time, so its names are only on the default export.
const { fromText } = (textformatModule as unknown as { default: typeof textformatModule }).default;
const ModelConfig = protobuf.parse(MODEL_CONFIG_PROTO, { keepCase: true }).root.lookupType('inference.ModelConfig');

/** Parses protobuf text format. Throws MODEL_INVALID with the line of a mistake, another model's name, or a platform other than ONNX. */
export function parseTritonConfig(text: string, modelName: string): TritonModelConfig {
  const config = parse(text);
  if (config.name && config.name !== modelName) throw new LeptonError('MODEL_INVALID', `config.pbtxt: name '${config.name}' is not that of its directory, '${modelName}'`);
  checkPlatform(config);
  checkMeaning(config);
  return { batching: batchingHint(config), queueLengthMax: queueLengthMax(config), versionPolicy: versionPolicy(config), replicas: replicas(config), labelFiles: labelFiles(config), inputFormats: inputFormats(config), ignored: ignored(config) };
}

function ignored(config: ParsedConfig): string[] {
  const dynamic = config.dynamic_batching ?? {};
  const unused = (value: object, used: ReadonlySet<string>, prefix = ''): string[] => Object.keys(value).flatMap((field) => (used.has(field) ? [] : [prefix + field]));
  return [...unused(config, USED), ...unused(dynamic, USED_OF_BATCHING, 'dynamic_batching.'), ...unused(dynamic.default_queue_policy ?? {}, USED_OF_QUEUE, 'dynamic_batching.default_queue_policy.')];
}

function parse(text: string): ParsedConfig {
  try {
    return ModelConfig.toObject(fromText(ModelConfig, text), { longs: String, enums: String }) as ParsedConfig;
  } catch (cause) {
    throw new LeptonError('MODEL_INVALID', `config.pbtxt: ${(cause as Error).message}${quotedLine(text, (cause as Error).message)}`, { cause });
  }
}

/** The parser says what it expected and on which line, not what it found. */
function quotedLine(text: string, message: string): string {
  const number = /\(line (\d+)\)$/.exec(message)?.[1];
  const line = number && text.split('\n')[Number(number) - 1]?.trim();
  return line ? `: ${JSON.stringify(line.length > LINE_LENGTH_MAX ? `${line.slice(0, LINE_LENGTH_MAX)}…` : line)}` : '';
}

function checkPlatform(config: ParsedConfig): void {
  const platform = config.platform || config.backend || 'onnxruntime';
  if (!['onnxruntime_onnx', 'onnxruntime'].includes(platform)) throw new LeptonError('MODEL_INVALID', `config.pbtxt: platform '${platform}' can't be served; only onnxruntime_onnx can`);
}

/** Without these parts a model would answer, and wrongly. */
const MEANING: Readonly<Record<string, string>> = {
  sequence_batching: 'it keeps state from one request of a sequence to the next',
  ensemble_scheduling: 'it is made of other models',
};

function checkMeaning(config: ParsedConfig): void {
  for (const [field, why] of Object.entries(MEANING)) if (field in config) throw new LeptonError('MODEL_INVALID', `config.pbtxt: ${field} can't be served: ${why}`);
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

const inputFormats = ({ input = [] }: ParsedConfig): Readonly<Record<string, string>> => Object.fromEntries(input.flatMap(({ name, format }) => (name && format && format !== 'FORMAT_NONE' ? [[name, format]] : [])));

const labelFiles = ({ output = [] }: ParsedConfig): ReadonlyMap<string, string> => new Map(output.flatMap(({ name, label_filename: file }) => (name && file ? [[name, file] as const] : [])));

/** Triton's 0 means no limit, which we don't have: then ours applies. */
function queueLengthMax({ dynamic_batching: dynamic }: ParsedConfig): number | null {
  const size = dynamic?.default_queue_policy?.max_queue_size ?? 0;
  return size > 0 ? Math.min(size, QUEUE_LENGTH_MAX) : null;
}

function versionPolicy({ version_policy: policy }: ParsedConfig): VersionPolicy | null {
  if (policy?.specific) return { kind: 'specific', versions: policy.specific.versions ?? [] };
  if (policy?.latest) return { kind: 'latest', count: Math.max(1, policy.latest.num_versions ?? 1) };
  return policy?.all ? { kind: 'all' } : null;
}
