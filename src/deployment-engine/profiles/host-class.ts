import { createHash } from 'node:crypto';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { PLATFORM_VERSION } from '../../version.ts';

/** What of a host decides how fast a version runs there. */
export interface HostFacts {
  readonly cpuModel: string;
  /** That this process may use. */
  readonly cores: number;
  readonly memoryBytes: number;
  /** Of the programs that run models: with another release everything is measured anew. */
  readonly platformVersion: string;
}

const GIB = 2 ** 30;
const MODEL_CHARACTERS = 24;
const HASH_DIGITS = 8;

export const hostFacts = (): HostFacts => ({ cpuModel: cpus()[0]?.model.trim() || 'unknown CPU', cores: availableParallelism(), memoryBytes: totalmem(), platformVersion: PLATFORM_VERSION });

/**
 * A name that hosts share on which the same version takes the same time: `amd-epyc-2c-32g-5d41402a`. Memory counts to a power of
 * two, since the kernel keeps a little of it for itself; the digits are a hash of all, the platform's release too.
 */
export function hostClass({ cpuModel, cores, memoryBytes, platformVersion }: HostFacts): string {
  const memoryGib = 2 ** Math.round(Math.log2(Math.max(1, memoryBytes / GIB)));
  const hash = createHash('sha256').update(JSON.stringify([cpuModel, cores, memoryGib, platformVersion])).digest('hex').slice(0, HASH_DIGITS);
  const model = cpuModel.toLowerCase().replaceAll(/\((r|tm)\)|\b(cpu|processor)\b/g, '').replaceAll(/[^a-z0-9.]+/g, '-').slice(0, MODEL_CHARACTERS).replaceAll(/^-|-$/g, '');
  return `${model}-${cores}c-${memoryGib}g-${hash}`;
}
