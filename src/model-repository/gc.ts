import type { Digest } from '../core/index.ts';
import type { RepositoryContext } from './context.ts';
import type { BlobFacts } from './storage/index.ts';
import type { GcReport } from './types.ts';

const GRACE_MS = 60 * 60 * 1000;

export interface GcOptions {
  readonly dryRun?: boolean;
  readonly graceMs?: number;
}

/**
 * Removes what no version reaches and nobody has used within the grace time. Candidates are chosen at leisure; each is
 * looked at again, alone with the repository, in the moment of its removal, so that a push that began to use it keeps it.
 */
export async function collectGarbage(context: RepositoryContext, options: GcOptions = {}): Promise<GcReport> {
  const dryRun = options.dryRun ?? false;
  // File times have whole milliseconds at best on some file systems; a grace of 0 means everything until now.
  const beforeMs = context.clock.now() - (options.graceMs ?? GRACE_MS) + 1;
  const report = { dryRun, removedBlobs: 0, removedBytes: 0, removedDirectories: 0, keptBlobs: 0, keptBytes: 0 };
  const reachable = await reachableBlobs(context);
  for await (const blob of context.blobs.list()) {
    const garbage = !reachable.has(blob.digest) && (await removeBlob(context, blob, beforeMs, dryRun));
    report[garbage ? 'removedBlobs' : 'keptBlobs']++;
    report[garbage ? 'removedBytes' : 'keptBytes'] += blob.size;
  }
  for (const tree of await context.trees.list()) {
    if (tree.madeAtMs < beforeMs && (await removeTree(context, tree.version, dryRun))) report.removedDirectories++;
  }
  report.removedDirectories += await context.blobs.sweepTemporary(beforeMs, dryRun);
  return report;
}

async function reachableBlobs(context: RepositoryContext): Promise<Set<string>> {
  const rows = await context.database.db.selectFrom('version_files').select('digest').distinct().execute();
  return new Set(rows.map((row) => row.digest));
}

async function removeBlob(context: RepositoryContext, { digest }: BlobFacts, beforeMs: number, dryRun: boolean): Promise<boolean> {
  return context.blobs.exclusive(async () => {
    const facts = await context.blobs.facts(digest);
    if (!facts || facts.usedAtMs >= beforeMs || (await isUsed(context, digest))) return false;
    if (!dryRun) await context.blobs.remove(digest);
    return true;
  });
}

/** Whether a version reaches a blob, or a publication that runs may. */
async function isUsed({ blobs, database }: RepositoryContext, digest: Digest): Promise<boolean> {
  if (blobs.isHeld(digest)) return true;
  return (await database.db.selectFrom('version_files').select('path').where('digest', '=', digest).limit(1).executeTakeFirst()) !== undefined;
}

/** Removes at once what a refused push leaves: blobs that no version reaches and no other push under way relies on. */
export async function discardRefused(context: RepositoryContext, digests: readonly Digest[]): Promise<void> {
  const { blobs } = context;
  for (const digest of new Set(digests)) {
    await blobs.exclusive(async () => {
      if (blobs.giveUp(digest) && !(await isUsed(context, digest))) await blobs.remove(digest);
    });
  }
}

async function removeTree(context: RepositoryContext, version: Digest, dryRun: boolean): Promise<boolean> {
  return context.blobs.exclusive(async () => {
    const user = await context.database.db.selectFrom('versions').select('version').where('digest', '=', version).limit(1).executeTakeFirst();
    if (user) return false;
    if (!dryRun) await context.trees.remove(version);
    return true;
  });
}
