/** Answers about models, in the JSON of TensorFlow Serving's protobuf messages. */
import type { Datatype, TensorSpec, VersionRoute } from '../../../../core/index.ts';
import type { CallContext, DataPlane } from '../../dispatch/index.ts';
import { resolveTarget, type Target } from '../infer-by-signature.ts';
import { SIGNATURE_NAME } from './predict.ts';

const DTYPES: Readonly<Record<Datatype, string>> = {
  BOOL: 'DT_BOOL', UINT8: 'DT_UINT8', UINT16: 'DT_UINT16', UINT32: 'DT_UINT32', UINT64: 'DT_UINT64',
  INT8: 'DT_INT8', INT16: 'DT_INT16', INT32: 'DT_INT32', INT64: 'DT_INT64',
  FP16: 'DT_HALF', BF16: 'DT_BFLOAT16', FP32: 'DT_FLOAT', FP64: 'DT_DOUBLE', BYTES: 'DT_STRING',
};

/** GetModelStatusResponse: every version of the model, or the one that is named. */
export function modelStatus(plane: DataPlane, target: Target, context: CallContext) {
  const named = target.version !== null || target.label !== null;
  const routes = named ? [resolveTarget(plane, target, context).lane.route] : plane.service(target.model).route.versions;
  return { model_version_status: routes.map(versionStatus) };
}

function versionStatus({ version, phase, reason, message }: VersionRoute) {
  const why = [reason, message].filter(Boolean).join(': ');
  if (phase === 'starting') return { version, state: 'LOADING', status: { error_code: 'OK', error_message: why } };
  if (phase === 'failed') return { version, state: 'END', status: { error_code: 'UNAVAILABLE', error_message: why } };
  // While it recovers, requests wait for it in the queue: to a client it is there.
  return { version, state: 'AVAILABLE', status: { error_code: 'OK', error_message: '' } };
}

/** GetModelMetadataResponse: the signature of the version that a question like this is about. */
export function modelMetadata(plane: DataPlane, target: Target, context: CallContext) {
  const { route } = resolveTarget(plane, target, context).lane;
  const signature = { inputs: tensorInfos(route.signature.inputs), outputs: tensorInfos(route.signature.outputs), method_name: 'tensorflow/serving/predict' };
  const body = {
    model_spec: { name: target.model, signature_name: '', version: route.version },
    metadata: { signature_def: { signature_def: { [SIGNATURE_NAME]: signature } } },
  };
  return { version: route.version, body };
}

function tensorInfos(specs: readonly TensorSpec[]): object {
  const infos = specs.map(({ name, datatype, shape, dimensionNames }) => {
    const dim = shape.map((size, axis) => ({ size: String(size), name: dimensionNames?.[axis] ?? '' }));
    return [name, { dtype: DTYPES[datatype], tensor_shape: { dim, unknown_rank: false }, name }] as const;
  });
  // Object.fromEntries defines keys, so that `__proto__` is one like others.
  return Object.fromEntries(infos);
}
