import { LeptonError, MODEL_FORMATS, type ModelFormat } from '../../core/index.ts';

/**
 * Which format an artefact has and which of its files the runtime opens: `model.onnx`, or the only `.onnx` file. Throws
 * MODEL_INVALID with the files that there are.
 */
export function recognise(paths: readonly string[], wanted?: string): { format: ModelFormat; entry: string } {
  if (wanted !== undefined && !(MODEL_FORMATS as readonly string[]).includes(wanted)) throw new LeptonError('MODEL_INVALID', `format ${JSON.stringify(wanted)} is not known; known: ${MODEL_FORMATS.join(', ')}`);
  const candidates = paths.filter((path) => path.toLowerCase().endsWith('.onnx'));
  const entry = candidates.includes('model.onnx') ? 'model.onnx' : candidates[0];
  if (entry === undefined) throw new LeptonError('MODEL_INVALID', `the artefact has no .onnx file; it has ${listed(paths)}`);
  if (entry !== 'model.onnx' && candidates.length > 1) throw new LeptonError('MODEL_INVALID', `the artefact has ${candidates.length} .onnx files (${listed(candidates)}); name the one to serve model.onnx`);
  return { format: 'onnx', entry };
}

const listed = (paths: readonly string[]): string => (paths.length > 10 ? `${paths.slice(0, 10).join(', ')} and ${paths.length - 10} more` : paths.join(', '));
