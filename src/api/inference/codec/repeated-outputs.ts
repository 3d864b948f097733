import { LeptonError } from '../../../core/index.ts';
import type { RequestedOutput } from './types.ts';

/** Throws INVALID_ARGUMENT: an answer has each output once. */
export function refuseRepeatedOutputs(outputs: readonly RequestedOutput[]): void {
  if (outputs.length < 2) return;
  const names = new Set<string>();
  for (const { name } of outputs) {
    if (names.has(name)) throw new LeptonError('INVALID_ARGUMENT', `output '${name.slice(0, 100)}' is asked for twice`);
    names.add(name);
  }
}
