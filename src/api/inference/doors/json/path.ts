import { LeptonError } from '../../../../core/index.ts';

/** A part of a path without its percent-encoding; throws INVALID_ARGUMENT if it is none. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `'${part.slice(0, 100)}' in the path is not valid percent-encoding`, { cause });
  }
}
