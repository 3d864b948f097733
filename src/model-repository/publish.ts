/**
 * The way of one version into the repository:
 *
 *   names, paths ─▶ same name there? ─▶ blobs there? ─▶ inspection in a child ─▶ [ blobs still there? ─▶ one transaction ]
 *                    same content: done                                            no blob is removed in here
 *                    other content: VERSION_EXISTS
 *
 * A refusal for good removes what the push stored and nothing else needs; after any other failure it stays for the next try.
 */
import { ALLOW_UNSAFE_KEY, type ArtefactFile, type BatchingHint, canonicalJson, checkName, type Digest, digestOf, isDigest, LeptonError, manifestDigest, type ModelFormat, type Version, type VersionManifest } from '../core/index.ts';
import { checkArtefactFiles, checkBatching, checkMetadata, FILES_MAX } from './artefact.ts';
import { announceAllowed, checkAllowUnsafe, refuseUnsafe } from './unsafe.ts';
import { announce, nowText, type Queries, type RepositoryContext } from './context.ts';
import { discardRefused } from './gc.ts';
import { findVersion, newestVersion, refuseNameClash, requireRepository, requireVersion, toVersion, writeHistory } from './records.ts';
import { announceRepository, insertRepository } from './repositories.ts';
import type { Inspection, PublishInput, PublishResult } from './types.ts';

/** The input after its checks. */
interface Candidate {
  readonly repository: string;
  readonly version: string;
  readonly files: readonly ArtefactFile[];
  readonly format: ModelFormat | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly batching: BatchingHint | null;
  readonly parent: string | null | undefined;
  readonly allowUnsafe: string | undefined;
  readonly by: string;
  readonly createRepository: boolean;
}

export async function publish(context: RepositoryContext, input: PublishInput): Promise<PublishResult> {
  try {
    const result = await verifyAndCommit(context, input);
    context.blobs.settle(result.version.manifest.files.map((file) => file.digest));
    return result;
  } catch (error) {
    // The refusal is what the publisher must hear; what can't be removed now is left to the collector.
    if (isFinal(error)) await discardRefused(context, digestsOf(input)).catch(() => undefined);
    throw error;
  }
}

/** Whether the same push can't succeed later with what it has stored. */
const isFinal = (error: unknown): boolean => error instanceof LeptonError && error.httpStatus < 500 && !['BLOB_MISSING', 'CONFLICT'].includes(error.code);

/** Also of an input that has not passed its checks. */
const digestsOf = ({ files }: PublishInput): Digest[] => (Array.isArray(files) ? files.slice(0, FILES_MAX).flatMap((file) => (isDigest(file?.digest) ? [file.digest] : [])) : []);

async function verifyAndCommit(context: RepositoryContext, input: PublishInput): Promise<PublishResult> {
  const candidate = checkInput(input);
  // Before the first wait, so that no collector comes between.
  const release = context.blobs.hold(candidate.files.map((file) => file.digest));
  try {
    const existing = await existingVersion(context.database.db, candidate);
    if (existing) return { version: existing, created: false };
    await requireBlobs(context, candidate.files);
    const inspection = await context.inspections.of(candidate.files, candidate.format);
    if (candidate.allowUnsafe === undefined) refuseUnsafe(context, candidate, inspection.findings ?? []);
    return await context.blobs.exclusive(async () => {
      await requireBlobs(context, candidate.files);
      return commit(context, candidate, inspection);
    });
  } finally {
    release();
  }
}

function checkInput(input: PublishInput): Candidate {
  const allowUnsafe = checkAllowUnsafe(input);
  return {
    repository: checkName('repository', input.repository),
    version: checkName('version', input.version),
    files: checkArtefactFiles(input.files),
    format: input.format,
    metadata: checkMetadata(allowUnsafe === undefined ? input.metadata : { ...input.metadata, [ALLOW_UNSAFE_KEY]: allowUnsafe }),
    batching: checkBatching(input.batching),
    parent: input.parent,
    allowUnsafe,
    by: input.by,
    createRepository: input.createRepository ?? false,
  };
}

/** The version of this name if it has this content; VERSION_EXISTS if it has another; undefined if the name is free. */
async function existingVersion(db: Queries, candidate: Candidate): Promise<Version | undefined> {
  const { repository, version } = candidate;
  const row = await findVersion(db, repository, version);
  if (!row) {
    if (!candidate.createRepository) await requireRepository(db, repository);
    await refuseNameClash(db, repository, version, 'version');
    return undefined;
  }
  const existing = toVersion(row);
  const differences = await differencesFrom(db, existing, candidate);
  if (differences.length === 0) return existing;
  throw new LeptonError('VERSION_EXISTS', `${repository}:${version} exists with other ${differences.join(', ')} (published ${existing.createdAt}); versions don't change: choose another name, or delete it first if nothing uses it`);
}

/** Signature and facts follow from the files, so that files and what the publisher said are all there is to compare. */
async function differencesFrom(db: Queries, existing: Version, candidate: Candidate): Promise<string[]> {
  const { manifest } = existing;
  const different: string[] = [];
  if (canonicalJson(manifest.files) !== canonicalJson(candidate.files)) different.push('files');
  if (candidate.format !== undefined && candidate.format !== manifest.format) different.push('format');
  if (canonicalJson(manifest.metadata) !== canonicalJson(candidate.metadata)) different.push('metadata');
  if (canonicalJson(manifest.batching) !== canonicalJson(candidate.batching)) different.push('batching');
  if (candidate.parent !== undefined) {
    const parent = candidate.parent === null ? null : (await requireVersion(db, existing.repository, candidate.parent)).digest;
    if (parent !== manifest.parent) different.push('parent');
  }
  return different;
}

async function requireBlobs(context: RepositoryContext, files: readonly ArtefactFile[]): Promise<void> {
  const missing: string[] = [];
  for (const file of files) {
    const size = await context.blobs.size(file.digest);
    if (size === undefined) missing.push(file.path);
    else if (size !== file.size) throw new LeptonError('DIGEST_MISMATCH', `file ${file.path}: the stored content of ${file.digest} has ${size} bytes, the manifest says ${file.size}`);
  }
  if (missing.length > 0) throw new LeptonError('BLOB_MISSING', `the content of ${missing.length} file(s) was never uploaded: ${missing.slice(0, 10).join(', ')}`, { details: { paths: missing } });
}

async function commit(context: RepositoryContext, candidate: Candidate, inspection: Inspection): Promise<PublishResult> {
  const { result, repositoryCreated } = await context.database.immediate(async (trx) => {
    const existing = await existingVersion(trx, candidate);
    if (existing) return { result: { version: existing, created: false }, repositoryCreated: false };
    const known = await trx.selectFrom('repositories').select('name').where('name', '=', candidate.repository).executeTakeFirst();
    if (!known) await insertRepository(context, trx, candidate.repository, candidate.by);
    return { result: { version: await insertVersion(context, trx, candidate, inspection), created: true }, repositoryCreated: !known };
  });
  if (repositoryCreated) announceRepository(context, candidate.repository, candidate.by);
  if (result.created) {
    const { repository, version, digest } = result.version;
    announce(context, { reason: 'VersionPublished', message: `${repository}:${version} published, ${result.version.sizeBytes} bytes, ${digest}`, actor: candidate.by, repository, version, after: digest });
    if (candidate.allowUnsafe !== undefined) announceAllowed(context, candidate, inspection.findings ?? []);
  }
  return result;
}

async function insertVersion(context: RepositoryContext, trx: Queries, candidate: Candidate, inspection: Inspection): Promise<Version> {
  const { repository, version, files, metadata, batching, by } = candidate;
  const parent = candidate.parent === null ? undefined : candidate.parent === undefined ? await newestVersion(trx, repository) : await requireVersion(trx, repository, candidate.parent);
  const manifest: VersionManifest = { schema: 1, format: inspection.format, entry: inspection.entry, files, signature: inspection.signature, batching, metadata, model: modelFacts(inspection), parent: (parent?.digest as Version['digest'] | undefined) ?? null };
  const text = canonicalJson(manifest);
  const digest = digestOf(text);
  if (digest !== manifestDigest(manifest)) throw new LeptonError('INTERNAL', 'the manifest has no stable digest');
  const sizeBytes = files.reduce((sum, file) => sum + file.size, 0);
  const at = nowText(context);
  const row = await trx
    .insertInto('versions')
    .values({ repository, version, digest, manifest: text, parent_version: parent?.version ?? null, size_bytes: sizeBytes, created_at: at, created_by: by })
    .returningAll()
    .executeTakeFirstOrThrow();
  for (let start = 0; start < files.length; start += ROWS_A_STATEMENT) {
    const rows = files.slice(start, start + ROWS_A_STATEMENT).map((file) => ({ repository, version, path: file.path, digest: file.digest, size_bytes: file.size }));
    await trx.insertInto('version_files').values(rows).execute();
  }
  await writeHistory(trx, repository, { at, by, action: 'version-published', version, label: null, before: null, digest });
  return toVersion(row);
}

/** With what was found and allowed. */
const modelFacts = ({ model, findings }: Inspection): VersionManifest['model'] => (findings?.length ? { ...model, unsafe: findings.slice(0, FINDINGS_KEPT).map(({ file, global }) => `${file}: ${global ?? 'unreadable'}`) } : model);
const FINDINGS_KEPT = 20;

/** Engines bound the parameters of one statement. */
const ROWS_A_STATEMENT = 500;
