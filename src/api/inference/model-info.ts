/** Answers about models, in the protocol's own JSON; gRPC encodes the same objects. */
import { INPUT_FORMATS_KEY, type ModelFormat, takesRequests, type TensorSpec, type VersionRoute } from '../../core/index.ts';
import { hasBatchDimension } from './codec/index.ts';
import type { CallContext, DataPlane, VersionLane } from './dispatch/index.ts';
import type { FrontDependencies } from './front.ts';

/** Extensions of the protocol that are served. */
export const EXTENSIONS = ['binary_tensor_data', 'classification', 'logging', 'model_configuration', 'model_repository', 'model_repository(unload_dependents)', 'schedule_policy', 'statistics'] as const;

/** What Triton calls these formats, where it has them; it names the platform after the backend where there is but one. */
const PLATFORMS: Readonly<Record<ModelFormat, { readonly platform: string; readonly backend: string }>> = {
  onnx: { platform: 'onnxruntime_onnx', backend: 'onnxruntime' },
  torchscript: { platform: 'pytorch_libtorch', backend: 'pytorch' },
  'torch-export': { platform: 'pytorch_export', backend: 'pytorch' },
  tensorflow: { platform: 'tensorflow_savedmodel', backend: 'tensorflow' },
  keras: { platform: 'keras', backend: 'keras' },
  sklearn: { platform: 'sklearn', backend: 'sklearn' },
  xgboost: { platform: 'xgboost', backend: 'xgboost' },
  lightgbm: { platform: 'lightgbm', backend: 'lightgbm' },
  python: { platform: 'python', backend: 'python' },
};

export function serverMetadata({ serverName = 'lepton-ai', platformVersion }: FrontDependencies) {
  return { name: serverName, version: platformVersion, extensions: EXTENSIONS };
}

/** An answer and the version that it is about. */
export interface About<T> {
  readonly version: string;
  readonly body: T;
}

export function modelMetadata(plane: DataPlane, model: string, version: string | null, context: CallContext) {
  const { service, lane } = plane.resolve(model, version, context);
  const tensor = ({ name, datatype, shape, untyped }: TensorSpec) => ({ name, datatype, shape, ...(untyped && { parameters: { untyped } }) });
  const body = {
    name: model,
    versions: service.route.versions.map((entry) => entry.version),
    platform: PLATFORMS[lane.route.format].platform,
    inputs: lane.route.signature.inputs.map(tensor),
    outputs: lane.route.signature.outputs.map(tensor),
  };
  return { version: lane.route.version, body } satisfies About<object>;
}

/** Whether a request like this can be answered: the version it names, or without any that takes traffic. */
export function modelReady(plane: DataPlane, model: string, version: string | null, context: CallContext): About<boolean> {
  const { service, lane } = plane.resolve(model, version, context);
  const answers = (name: string): boolean => isReady(service.lanes.get(name)?.route);
  const body = version ? isReady(lane.route) : Object.entries(service.route.weights).some(([name, weight]) => weight > 0 && answers(name));
  return { version: lane.route.version, body: body && plane.ready };
}

/** Triton's model configuration, as far as it means something here. */
export function modelConfig(plane: DataPlane, model: string, version: string | null, context: CallContext) {
  const { lane } = plane.resolve(model, version, context);
  const { route } = lane;
  const batched = hasBatchDimension(route.signature);
  const tensor = (spec: TensorSpec) => ({
    name: spec.name,
    data_type: `TYPE_${spec.datatype === 'BYTES' ? 'STRING' : spec.datatype}`,
    // Where max_batch_size is set, the batch dimension is left out.
    dims: batched ? spec.shape.slice(1) : spec.shape,
  });
  const body = {
    name: model,
    ...PLATFORMS[route.format],
    version_policy: { all: {} },
    max_batch_size: batched ? (route.batching.rowsMax ?? route.batching.batchMax) : 0,
    input: route.signature.inputs.map((spec) => ({ ...tensor(spec), format: inputFormat(route, spec.name), is_shape_tensor: false, allow_ragged_batch: false, optional: false })),
    output: route.signature.outputs.map((spec) => ({ ...tensor(spec), label_filename: labelFile(route, spec.name), is_shape_tensor: false })),
    batch_input: [],
    batch_output: [],
    instance_group: [{ name: model, kind: 'KIND_CPU', count: Math.max(1, route.replicas.length) }],
    default_model_filename: route.format === 'onnx' ? 'model.onnx' : '',
    ...(batched && route.batching.batchMax > 1 && { dynamic_batching: { max_queue_delay_microseconds: Math.round(route.batching.maxDelayMs * 1000) } }),
    parameters: { repository: { string_value: route.repository }, digest: { string_value: route.digest } },
  };
  return { version: route.version, body } satisfies About<object>;
}

/** Triton's statistics of one version, of all versions of a model, or of everything. */
export function modelStatistics(plane: DataPlane, model: string | null, version: string | null, context: CallContext) {
  if (model === null) return { model_stats: [...plane.lanes()].map(statisticsOf) };
  if (version) return { model_stats: [statisticsOf(plane.resolve(model, version, context).lane)] };
  return { model_stats: [...plane.service(model).lanes.values()].map(statisticsOf) };
}

/** One line of Triton's repository index. */
export interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: 'READY' | 'LOADING' | 'UNLOADING' | 'UNAVAILABLE';
  readonly reason: string;
}

/** Triton's repository index, as far as the table knows it: every version of every service and whether it serves. */
export function repositoryIndex(plane: DataPlane, readyOnly: boolean): readonly IndexEntry[] {
  const entries = [...plane.lanes()].map(({ service, route }) => {
    const state = stateOf(route);
    return { name: service, version: route.version, state, reason: state === 'READY' ? '' : [route.reason, route.message].filter(Boolean).join(': ') };
  });
  return readyOnly ? entries.filter((entry) => entry.state === 'READY') : entries;
}

function stateOf(route: VersionRoute): IndexEntry['state'] {
  if (isReady(route)) return 'READY';
  if (route.phase === 'starting') return 'LOADING';
  return route.phase === 'draining' ? 'UNLOADING' : 'UNAVAILABLE';
}

const isReady = (route: VersionRoute | undefined): boolean => route !== undefined && takesRequests(route.phase);

function labelFile({ classLabels }: VersionRoute, output: string): string {
  return (classLabels && Object.hasOwn(classLabels, output) && classLabels[output]?.file) || '';
}

/** How an image's axes lie, as the publisher declared it in the version's metadata. */
function inputFormat({ metadata }: VersionRoute, input: string): string {
  const formats = metadata[INPUT_FORMATS_KEY];
  const format = typeof formats === 'object' && formats !== null && Object.hasOwn(formats, input) ? (formats as Readonly<Record<string, unknown>>)[input] : undefined;
  return format === 'FORMAT_NCHW' || format === 'FORMAT_NHWC' ? format : 'FORMAT_NONE';
}

function statisticsOf({ service, route, statistics }: VersionLane) {
  const sum = ({ count, ns }: { count: number; ns: number }) => ({ count, ns: Math.round(ns) });
  return {
    name: service,
    version: route.version,
    last_inference: statistics.lastInferenceAtMs,
    inference_count: statistics.inferences,
    execution_count: statistics.executions,
    inference_stats: {
      success: sum(statistics.success),
      fail: sum(statistics.failure),
      queue: sum(statistics.queued),
      compute_input: sum(statistics.input),
      compute_infer: sum(statistics.infer),
      compute_output: sum(statistics.output),
      cache_hit: { count: 0, ns: 0 },
      cache_miss: { count: 0, ns: 0 },
    },
    batch_stats: [...statistics.batches].map(([rows, sums]) => ({
      batch_size: rows,
      compute_input: sum(sums.input),
      compute_infer: sum(sums.infer),
      compute_output: sum(sums.output),
    })),
  };
}
