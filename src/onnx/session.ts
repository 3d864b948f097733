import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Datatype, LeptonError } from '../core/index.ts';
import { type Border, widenBorder } from './bfloat16-border.ts';
import { loadNative, type NativeMetadata, type NativeSession } from './native.ts';
import { readableMessage } from './message.ts';

/** An input or output as the model has it, bfloat16 too. */
export interface OnnxValue {
  readonly name: string;
  /** null: not a tensor, or of a type that cannot be served; `type` says which. */
  readonly datatype: Datatype | null;
  readonly type: string;
  /** Free dimensions by their name, which may be ''. */
  readonly shape: readonly (number | string)[];
  /** The runtime's name for it: another than `name` where bfloat16 is carried as FP32. */
  readonly runtimeName: string;
}

export interface OnnxSession {
  readonly native: NativeSession;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** By `TensorProto.DataType`. */
const DATATYPES: readonly (Datatype | null)[] = [
  null, 'FP32', 'UINT8', 'INT8', 'UINT16', 'INT16', 'INT32', 'INT64', 'BYTES', 'BOOL', 'FP16', 'FP64', 'UINT32', 'UINT64', null, null, 'BF16',
];
const BFLOAT16 = 16;

/**
 * One run at a time on this replica's own threads: no spinning (it would burn the cores that other replicas need), no
 * parallel executor. Names as in ONNX Runtime's onnxruntime_session_options_config_keys.h.
 */
const sessionOptions = (threads: number, directory: string): object => ({
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 2,
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' }, model_external_initializers_file_folder_path: directory } },
});

/**
 * Opens an ONNX model; external data is read beside the file. Rejects with MODEL_INVALID in words for people; onnxruntime's
 * own are the cause. Blocks the thread while the runtime loads.
 */
export async function openOnnxSession(file: string, threads: number): Promise<OnnxSession> {
  try {
    const options = sessionOptions(threads, dirname(file));
    const native = loadNative(file, options);
    if (![...native.inputMetadata, ...native.outputMetadata].some((value) => value.isTensor && value.type === BFLOAT16)) return describe(native, null);
    native.dispose();
    const border = widenBorder(await readFile(file));
    return describe(loadNative(border.model, options), border);
  } catch (cause) {
    if (cause instanceof LeptonError) throw cause;
    // The directory is one of ours, often a temporary one.
    const words = (cause instanceof Error ? cause.message : String(cause)).replaceAll(`${dirname(file)}/`, '');
    throw new LeptonError('MODEL_INVALID', `onnxruntime cannot load the model: ${readableMessage(words)}`, { cause });
  }
}

function describe(native: NativeSession, border: Border | null): OnnxSession {
  return {
    native,
    inputs: native.inputMetadata.map((value) => describeValue(value, border?.inputs)),
    outputs: native.outputMetadata.map((value) => describeValue(value, border?.outputs)),
  };
}

function describeValue(value: NativeMetadata, widened: ReadonlyMap<string, string> | undefined): OnnxValue {
  const runtimeName = value.name;
  if (!value.isTensor) return { name: runtimeName, datatype: null, type: 'not a tensor', shape: [], runtimeName };
  const shape = value.shape.map((size, axis) => (size >= 0 ? size : (value.symbolicDimensions[axis] ?? '')));
  const own = [...(widened ?? [])].find(([, outside]) => outside === runtimeName)?.[0];
  if (own !== undefined) return { name: own, datatype: 'BF16', type: 'bfloat16', shape, runtimeName };
  return { name: runtimeName, datatype: DATATYPES[value.type] ?? null, type: `of type number ${value.type}`, shape, runtimeName };
}
