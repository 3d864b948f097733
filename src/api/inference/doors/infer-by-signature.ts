import { asLeptonError, LeptonError, type ServiceRoute, type Tensor, type VersionRoute } from '../../../core/index.ts';
import { type InferenceAnswer, NO_PARAMETERS, type ParameterValue } from '../codec/index.ts';
import type { CallContext, DataPlane, VersionLane } from '../dispatch/index.ts';
import type { CallNotes, RestRequest } from '../rest/exchange.ts';
import { inferThroughPlane } from '../rest/infer.ts';

/** What a URL says about who should answer. */
export interface Target {
  readonly model: string;
  /** A version's name or a label, as everywhere. */
  readonly version: string | null;
  /** A label and nothing else. */
  readonly label: string | null;
}

/**
 * Inference for protocols whose values only a signature gives a datatype and shape: the traffic picks the version, once, then
 * `decode` makes the tensors for it. What it refuses counts as that version's failure, like a wrong shape in a typed protocol.
 */
export async function inferBySignature(
  plane: DataPlane,
  target: Target,
  decode: (route: VersionRoute) => readonly Tensor[],
  request: RestRequest,
  notes: CallNotes,
  parameters: ReadonlyMap<string, ParameterValue> = NO_PARAMETERS,
): Promise<InferenceAnswer> {
  const attempt = async (): Promise<InferenceAnswer> => {
    const lane = await plane.pick({ model: target.model, version: target.version ?? target.label, parameters }, request);
    checkLabel(plane.service(target.model).route, target, lane.route.version);
    const inputs = decodeFor(lane, decode, notes);
    return inferThroughPlane(plane, { model: target.model, version: lane.route.version, id: '', parameters, inputs, outputs: null, binaryByDefault: false }, request, notes);
  };
  try {
    return await attempt();
  } catch (thrown) {
    // The version that the traffic had picked left with all its replicas: as in any protocol, the table in force decides anew.
    if (!(thrown instanceof LeptonError) || thrown.code !== 'VERSION_NOT_FOUND' || (target.version ?? target.label) !== null) throw thrown;
    return attempt();
  }
}

/** The version that a question is about; see DataPlane.resolve. */
export function resolveTarget(plane: DataPlane, target: Target, context: CallContext): ReturnType<DataPlane['resolve']> {
  const found = plane.resolve(target.model, target.version ?? target.label, context);
  checkLabel(found.service.route, target, found.lane.route.version);
  return found;
}

function checkLabel({ service, labels }: ServiceRoute, { label }: Target, version: string): void {
  if (label === null || (Object.hasOwn(labels, label) && labels[label] === version)) return;
  throw new LeptonError('VERSION_NOT_FOUND', `model '${service}' has no label '${label.slice(0, 100)}'; that is a version`);
}

function decodeFor(lane: VersionLane, decode: (route: VersionRoute) => readonly Tensor[], notes: CallNotes): readonly Tensor[] {
  const arrivedAtMs = performance.now();
  try {
    return decode(lane.route);
  } catch (thrown) {
    const error = asLeptonError(thrown);
    notes.headers['lepton-version'] = lane.route.version;
    lane.recordFailure(error.code, { arrivedAtMs });
    throw error;
  }
}
