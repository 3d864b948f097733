import { canonicalJson, type TensorSpec, type Version, type VersionDiff } from '../core/index.ts';

interface Change<T> {
  readonly key: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly from?: T;
  readonly to?: T;
}

/** Compares two versions: files by path, tensors by name, metadata by key (with batching and facts about the model). */
export function diffVersions(from: Version, to: Version): VersionDiff {
  const files = changes(byKey(from.manifest.files, (f) => f.path), byKey(to.manifest.files, (f) => f.path));
  const signature = (['inputs', 'outputs'] as const).flatMap((side) =>
    changes(describeAll(from.manifest.signature[side]), describeAll(to.manifest.signature[side])).map(({ key, ...rest }) => ({ side: side === 'inputs' ? ('input' as const) : ('output' as const), name: key, ...rest })),
  );
  return {
    from: from.version,
    to: to.version,
    identical: from.digest === to.digest,
    files: files.map(({ key, ...rest }) => ({ path: key, ...rest })),
    signature,
    metadata: changes(facts(from), facts(to)),
  };
}

function changes<T>(from: ReadonlyMap<string, T>, to: ReadonlyMap<string, T>): Change<T>[] {
  const found: Change<T>[] = [];
  for (const key of [...new Set([...from.keys(), ...to.keys()])].sort()) {
    const [before, after] = [from.get(key), to.get(key)];
    if (before === undefined) found.push({ key, change: 'added', to: after as T });
    else if (after === undefined) found.push({ key, change: 'removed', from: before });
    else if (canonicalJson(before) !== canonicalJson(after)) found.push({ key, change: 'changed', from: before, to: after });
  }
  return found;
}

const byKey = <T>(items: readonly T[], key: (item: T) => string): Map<string, T> => new Map(items.map((item) => [key(item), item]));

/** `FP32[batch,16]`: free dimensions by their name, `-1` where they have none. */
export function describeTensor(spec: TensorSpec): string {
  const sizes = spec.shape.map((size, axis) => (size === -1 ? spec.dimensionNames?.[axis] || '-1' : String(size)));
  return `${spec.datatype}[${sizes.join(',')}]`;
}

const describeAll = (specs: readonly TensorSpec[]): Map<string, string> => new Map(specs.map((spec) => [spec.name, describeTensor(spec)]));

function facts(version: Version): Map<string, unknown> {
  const { metadata, model, batching, format, entry } = version.manifest;
  const all = new Map<string, unknown>(Object.entries(metadata));
  for (const [key, value] of Object.entries({ ...model, batching, format, entry })) if (value !== null) all.set(`(model) ${key}`, value);
  return all;
}
