import { LeptonError } from '../../core/index.ts';

/** Triton's `version_policy`: which versions of a model it serves. */
export type VersionPolicy = { readonly kind: 'all' } | { readonly kind: 'latest'; readonly count: number } | { readonly kind: 'specific'; readonly versions: readonly string[] };

/** Those of a model's versions (ascending) that a policy serves, ascending; null: no policy, so all. Throws MODEL_INVALID if there are none. */
export function versionsWithin(policy: VersionPolicy | null, versions: readonly string[]): readonly string[] {
  if (policy === null || policy.kind === 'all') return versions;
  if (policy.kind === 'latest') return versions.slice(-policy.count);
  const within = versions.filter((version) => policy.versions.includes(version));
  if (within.length) return within;
  throw new LeptonError('MODEL_INVALID', `config.pbtxt: version_policy names ${policy.versions.join(', ') || 'no version'}, but there is ${versions.join(', ')}`);
}
