import { LeptonError } from '../../core/index.ts';
import type { Inspection } from '../types.ts';
import { readDescriptor } from './descriptor.ts';
import { DESCRIPTOR_FILE } from './recognise.ts';

/** What the descriptor says; nothing of it is loaded. */
export async function inspectPython(directory: string, paths: readonly string[], wanted: string | undefined): Promise<Inspection> {
  const { format, entry, signature, environment } = await readDescriptor(directory, paths);
  if (wanted !== undefined && wanted !== format) throw new LeptonError('MODEL_INVALID', `${DESCRIPTOR_FILE} says that the format is ${format}, the push that it is ${wanted}`);
  return { format, entry, signature, model: { ...environment } };
}
