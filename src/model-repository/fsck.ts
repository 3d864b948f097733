import { canonicalJson, type Digest, digestOf, type VersionManifest } from '../core/index.ts';
import type { Row } from '../database/index.ts';
import type { RepositoryContext } from './context.ts';
import type { FsckProblem, FsckReport } from './types.ts';

export interface FsckOptions {
  readonly onProgress?: (done: number, total: number) => void;
}

interface ReadableVersion {
  readonly name: string;
  readonly digest: Digest;
  readonly manifest: VersionManifest;
}

/** Reads everything back: manifests, index of files, labels, every blob, every cached directory. Changes nothing. */
export async function checkRepository(context: RepositoryContext, options: FsckOptions = {}): Promise<FsckReport> {
  const problems: FsckProblem[] = [];
  const rows = await context.database.db.selectFrom('versions').selectAll().orderBy('sequence').execute();
  const versions = await readVersions(context, rows, problems);
  await checkLabels(context, problems);
  const { blobs, bytes } = await checkBlobs(context, versions, problems, options.onProgress ?? (() => {}));
  await checkTrees(context, versions, problems);
  return { versions: rows.length, blobs, bytes, problems };
}

async function readVersions(context: RepositoryContext, rows: readonly Row<'versions'>[], problems: FsckProblem[]): Promise<ReadableVersion[]> {
  const readable: ReadableVersion[] = [];
  for (const row of rows) {
    const name = `${row.repository}:${row.version}`;
    const problem = (kind: FsckProblem['kind'], message: string): void => void problems.push({ kind, digest: row.digest, versions: [name], message });
    if (digestOf(row.manifest) !== row.digest) problem('manifest-digest', `the manifest of ${name} has the digest ${digestOf(row.manifest)}, recorded is ${row.digest}`);
    const manifest = parseManifest(row.manifest);
    if (!manifest) {
      problem('manifest-unreadable', `the manifest of ${name} cannot be read`);
      continue;
    }
    readable.push({ name, digest: row.digest as Digest, manifest });
    const files = await context.database.db.selectFrom('version_files').select(['path', 'digest', 'size_bytes as size']).where('repository', '=', row.repository).where('version', '=', row.version).execute();
    const indexed = files.map((file) => ({ ...file })).sort((a, b) => (a.path < b.path ? -1 : 1));
    if (canonicalJson(indexed) !== canonicalJson(manifest.files)) problem('manifest-digest', `the index of files of ${name} is not what its manifest says: garbage collection could remove its files`);
  }
  return readable;
}

function parseManifest(text: string): VersionManifest | undefined {
  try {
    const manifest = JSON.parse(text) as VersionManifest;
    return Array.isArray(manifest.files) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

async function checkLabels(context: RepositoryContext, problems: FsckProblem[]): Promise<void> {
  const dangling = await context.database.db
    .selectFrom('labels')
    .leftJoin('versions', (join) => join.onRef('versions.repository', '=', 'labels.repository').onRef('versions.version', '=', 'labels.version'))
    .select(['labels.repository', 'labels.label', 'labels.version'])
    .where('versions.version', 'is', null)
    .execute();
  for (const { repository, label, version } of dangling) problems.push({ kind: 'label-dangling', digest: null, versions: [`${repository}:${version}`], message: `label ${label} of ${repository} points to ${version}, which does not exist` });
}

interface Expected {
  readonly size: number;
  readonly versions: string[];
}

async function checkBlobs(context: RepositoryContext, versions: readonly ReadableVersion[], problems: FsckProblem[], onProgress: (done: number, total: number) => void): Promise<{ blobs: number; bytes: number }> {
  const expected = new Map<Digest, Expected>();
  for (const { name, manifest } of versions) {
    for (const file of manifest.files) {
      const known = expected.get(file.digest);
      if (!known) expected.set(file.digest, { size: file.size, versions: [name] });
      else if (!known.versions.includes(name)) known.versions.push(name);
    }
  }
  // Blobs that nothing reaches are read too: a push could come to rely on them.
  const all = new Set(expected.keys());
  for await (const { digest } of context.blobs.list()) all.add(digest);
  let bytes = 0;
  let done = 0;
  for (const digest of all) {
    bytes += await checkBlob(context, digest, expected.get(digest), problems);
    onProgress(++done, all.size);
  }
  return { blobs: all.size, bytes };
}

async function checkBlob(context: RepositoryContext, digest: Digest, expected: Expected | undefined, problems: FsckProblem[]): Promise<number> {
  const problem = (kind: FsckProblem['kind'], message: string): void => void problems.push({ kind, digest, versions: expected?.versions ?? [], message });
  const found = await context.blobs.size(digest);
  if (found === undefined) {
    // Unreached and gone: garbage collection was here meanwhile.
    if (expected) problem('blob-missing', `the file ${digest} is missing; push one of its versions again, or restore blobs/ from a backup`);
    return 0;
  }
  if (expected && found !== expected.size) problem('blob-size', `the file ${digest} has ${found} bytes, should have ${expected.size}; ${REPAIR}`);
  else {
    const actual = await context.blobs.rehash(digest);
    if (actual !== digest) problem('blob-corrupt', `the file ${digest} has the content of ${actual}; ${REPAIR}`);
  }
  return found;
}

const REPAIR = 'restore it under blobs/ from a backup, or remove it there and push its version again';

async function checkTrees(context: RepositoryContext, versions: readonly ReadableVersion[], problems: FsckProblem[]): Promise<void> {
  const byDigest = new Map(versions.map((version) => [version.digest, version]));
  for (const tree of await context.trees.list()) {
    const version = byDigest.get(tree.version);
    if (!version) continue;
    const names = versions.filter((other) => other.digest === tree.version).map((other) => other.name);
    for (const message of await context.trees.check(tree.version, version.manifest.files)) {
      problems.push({ kind: 'cached-file-corrupt', digest: tree.version, versions: names, message: `the cached directory of ${names.join(', ')}: ${message}; remove it under versions/, it is made again when needed` });
    }
  }
}
