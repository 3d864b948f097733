import { dirname, resolve } from 'node:path';
import type { VersionProfile } from '../deployment-engine/scheduler/index.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { jsonFile } from './files.ts';
import { readYaml, YamlValue } from './yaml-file.ts';

const MAX = 1e18;

/** What `lepton-ai profile --json` prints, of one version. */
export interface ProfileSource {
  readonly name: string;
  /** As it came: from a server, or a file that anybody may have written. */
  readonly content: unknown;
}

/** Names of profiles that a trace takes from elsewhere: `repository:version`, or a file. */
export function namedProfiles(trace: string): readonly string[] {
  const versions = (readYaml(trace).value as { versions?: unknown } | null)?.versions;
  const profiles = Array.isArray(versions) ? versions.map((version: { profile?: unknown } | null) => version?.profile) : [];
  return [...new Set(profiles.filter((profile) => typeof profile === 'string'))];
}

export const isProfileFile = (name: string): boolean => name.endsWith('.json');

/** Reads what `lepton-ai profile … --json` was written to; relative to the trace. */
export function readProfileFile(name: string, trace: string): ProfileSource {
  const path = resolve(dirname(trace), name);
  return { name, content: jsonFile(path) };
}

/** What a version needs with so many threads: of this class of host, or else of another. */
export function profileFrom({ name, content }: ProfileSource, threads: number): VersionProfile {
  const given = new YamlValue(`${name}:`, content).entries().find(([key]) => key === 'profiles')?.[1];
  if (!given) throw new CliError(`${name} is no profile: it has no profiles`, ExitCode.usage, 'write one with: lepton-ai profile REPOSITORY:VERSION --json');
  const known = given.list(0).map((value) => Object.fromEntries(value.entries()));
  if (!known.length) throw new CliError(`${name} has never run, so nothing is known of what it needs`, ExitCode.usage, 'deploy it once, or give its profile as numbers: profile: { cpuMs, memoryMib }');
  const [best] = known.sort((a, b) => Number(b['threads']?.value === threads) - Number(a['threads']?.value === threads));
  const fields = Object.fromEntries(best?.['scheduler']?.entries() ?? []);
  const number = (field: keyof VersionProfile, min: number): number => (fields[field] ?? new YamlValue(`${name}: scheduler.${field}`, undefined)).number(min, MAX);
  return {
    cpuSecondsPerRequest: number('cpuSecondsPerRequest', 1e-9), serviceVariation: number('serviceVariation', 0), memoryBytes: number('memoryBytes', 0), storageBytes: number('storageBytes', 0),
    networkBytesPerRequest: number('networkBytesPerRequest', 0), loadSeconds: number('loadSeconds', 0), gpus: number('gpus', 0),
  };
}
