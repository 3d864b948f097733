import { LeptonError, MODEL_FORMATS } from '../../core/index.ts';

/** Its place in the artefact of a Python format. */
export const DESCRIPTOR_FILE = 'lepton-model.json';

/** By what an artefact says how it is served. */
export type Recognised = { readonly kind: 'descriptor' } | { readonly kind: 'onnx'; readonly entry: string };

/** What people push who have saved a Python model without the SDK. */
const PYTHON_FILE = /\.(pt|pth|pt2|pkl|pickle|joblib|keras|h5|ubj|xgb|py)$|(^|\/)saved_model\.pb$/i;

/**
 * How an artefact is served: as its `lepton-model.json` says, or as ONNX by `model.onnx`, or the only `.onnx` file. Throws
 * MODEL_INVALID with the files that there are.
 */
export function recognise(paths: readonly string[], wanted?: string): Recognised {
  if (wanted !== undefined && !(MODEL_FORMATS as readonly string[]).includes(wanted)) throw new LeptonError('MODEL_INVALID', `format ${JSON.stringify(wanted)} is not known; known: ${MODEL_FORMATS.join(', ')}`);
  if (wanted !== 'onnx' && paths.includes(DESCRIPTOR_FILE)) return { kind: 'descriptor' };
  if (wanted !== undefined && wanted !== 'onnx') throw new LeptonError('MODEL_INVALID', `the artefact has no ${DESCRIPTOR_FILE}, which a ${wanted} model needs; it has ${listed(paths)}. The SDK's save_model writes it`);
  const candidates = paths.filter((path) => path.toLowerCase().endsWith('.onnx'));
  const entry = candidates.includes('model.onnx') ? 'model.onnx' : candidates[0];
  if (entry === undefined) throw new LeptonError('MODEL_INVALID', `the artefact has no .onnx file; it has ${listed(paths)}${paths.some((path) => PYTHON_FILE.test(path)) ? `. A Python model needs a ${DESCRIPTOR_FILE} beside it, which the SDK's save_model writes` : ''}`);
  if (entry !== 'model.onnx' && candidates.length > 1) throw new LeptonError('MODEL_INVALID', `the artefact has ${candidates.length} .onnx files (${listed(candidates)}); name the one to serve model.onnx`);
  return { kind: 'onnx', entry };
}

const listed = (paths: readonly string[]): string => (paths.length > 10 ? `${paths.slice(0, 10).join(', ')} and ${paths.length - 10} more` : paths.join(', '));
