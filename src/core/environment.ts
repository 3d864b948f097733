import { canonicalJson } from './canonical-json.ts';
import { type Digest, digestOf, type VersionManifest } from './version.ts';

/** The Python that a version needs: a minor version such as `3.11`, and exact pins, sorted. */
export interface EnvironmentSpec {
  readonly python: string;
  readonly requirements: readonly string[];
}

/** Identity of an environment; versions that agree share one. `platform`: operating system and machine, `linux-x86_64`. */
export function environmentDigest({ python, requirements }: EnvironmentSpec, platform: string): Digest {
  return digestOf(canonicalJson({ platform, python, requirements }));
}

/** The environment that a version needs; null for formats that bring theirs. */
export function environmentOf({ model }: Pick<VersionManifest, 'model'>): EnvironmentSpec | null {
  const { python, requirements } = model;
  return typeof python === 'string' && Array.isArray(requirements) ? { python, requirements: requirements as string[] } : null;
}

/** An environment as people see it. */
export interface EnvironmentInfo extends EnvironmentSpec {
  readonly digest: Digest;
  /** `built`: ready; `adopted`: a registered interpreter had everything when it was looked at last; `absent`: to be built at the next start. */
  readonly state: 'built' | 'adopted' | 'building' | 'failed' | 'absent';
  /** How far a build is, or why it failed. */
  readonly message: string;
  /** Registered on this machine; null: none. */
  readonly interpreter: string | null;
  /** Of the built one; 0 where there is none. */
  readonly sizeBytes: number;
  /** `repository:version` of those that need it. */
  readonly versions: readonly string[];
  /** When a worker was started in it last. */
  readonly usedAt: string | null;
}
