import { checkName, type Clock, type Digest, type EventSink, LeptonError, type Version } from '../core/index.ts';
import type { Database } from '../database/index.ts';
import type { RepositoryContext } from './context.ts';
import { requiredEnvironments } from './environments.ts';
import { checkRepository } from './fsck.ts';
import { collectGarbage } from './gc.ts';
import { Inspections } from './inspections.ts';
import { Labels } from './labels.ts';
import { pinsOf, setPins } from './pins.ts';
import { publish } from './publish.ts';
import { listLocalFiles, publishLocalFiles } from './publish-directory.ts';
import { repositoryInfo, requireRepository, requireVersion, toVersion } from './records.ts';
import { countRepositories, createRepository, deleteRepository, deleteVersion, diffOf, historyOf, listRepositories, listVersions } from './repositories.ts';
import { ArtefactTrees, BlobStore } from './storage/index.ts';
import type { ModelRepository } from './types.ts';

const INSPECT_TIMEOUT_MS = 60_000;

export interface ModelRepositoryOptions {
  readonly database: Database;
  /** Holds `blobs/`, `versions/` and `tmp/`; of this process alone (see `lockDataDirectory`). Made if need be. */
  readonly directory: string;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Largest file of an artefact. */
  readonly fileBytesMax: number;
  /** Longest inspection of one artefact; default 60 s. */
  readonly inspectTimeoutMs?: number;
}

/** Opens the repository. What a killed server left in `tmp/` is removed; everything acknowledged is there. */
export function createModelRepository(options: ModelRepositoryOptions): ModelRepository {
  const blobs = new BlobStore(options.directory);
  const trees = new ArtefactTrees(options.directory, blobs);
  const { database, events, clock, fileBytesMax, inspectTimeoutMs = INSPECT_TIMEOUT_MS } = options;
  const context: RepositoryContext = { database, blobs, trees, events, clock, fileBytesMax, inspections: new Inspections(trees, inspectTimeoutMs) };
  const { db } = database;
  const labels = new Labels(context);
  const missingBlobs: ModelRepository['missingBlobs'] = (digests) => blobs.missing(digests);
  const putBlob: ModelRepository['putBlob'] = (digest, content, choice) => blobs.put(digest, content, fileBytesMax, choice?.offset);
  return {
    createRepository: (name, choice) => createRepository(context, name, choice),
    getRepository: async (name) => repositoryInfo(db, await requireRepository(db, checkName('repository', name))),
    listRepositories: (page) => listRepositories(context, page),
    count: () => countRepositories(context),
    deleteRepository: (name, { by }) => deleteRepository(context, checkName('repository', name), by),

    missingBlobs,
    partialBlobs: (digests) => partialBlobs(context, digests),
    putBlob,
    openBlob: (digest) => blobs.open(digest),

    publish: (input) => publish(context, input),
    async publishDirectory(directory, input) {
      checkName('repository', input.repository);
      checkName('version', input.version);
      return publishLocalFiles({ missingBlobs, putBlob, publish: (whole) => publish(context, whole) }, await listLocalFiles(directory), input);
    },

    requiredEnvironments: () => requiredEnvironments(context),
    getVersion: async (repository, name) => toVersion(await requireVersion(db, checkName('repository', repository), checkName('version', name))),
    listVersions: (repository, page) => listVersions(context, checkName('repository', repository), page),
    deleteVersion: (repository, version, { by }) => deleteVersion(context, checkName('repository', repository), checkName('version', version), by),
    history: (repository, choice) => historyOf(context, checkName('repository', repository), choice?.limit),
    diff: (repository, from, to) => diffOf(context, checkName('repository', repository), checkName('version', from), checkName('version', to)),

    listLabels: (repository) => labels.list(checkName('repository', repository)),
    moveLabel: (repository, label, version, choice) => labels.move(checkName('repository', repository), label, version, choice),
    deleteLabel: (repository, label, { by }) => labels.delete(checkName('repository', repository), checkName('label', label), by),
    setLabelGuard: (guard) => labels.setGuard(guard),
    onLabelChange: (listener) => labels.onChange(listener),

    setPins: (holder, references) => setPins(context, holder, references),
    pinsOf: (repository, version) => pinsOf(context, repository, version),

    materialise: (digest) => materialise(context, digest),
    gc: (choice) => collectGarbage(context, choice),
    fsck: (choice) => checkRepository(context, choice),
  };
}

async function partialBlobs({ blobs }: RepositoryContext, digests: readonly Digest[]): Promise<{ digest: Digest; offset: number }[]> {
  const found = [];
  for (const digest of new Set(digests)) {
    const offset = await blobs.uploadOffset(digest);
    if (offset > 0) found.push({ digest, offset });
  }
  return found;
}

async function materialise(context: RepositoryContext, digest: Digest): Promise<string> {
  const row = await context.database.db.selectFrom('versions').selectAll().where('digest', '=', digest).limit(1).executeTakeFirst();
  if (!row) throw new LeptonError('VERSION_NOT_FOUND', `no version has the digest ${digest}`);
  const { manifest }: Version = toVersion(row);
  // Not while garbage is collected: a blob that another version's deletion has freed must not go half-way through.
  return context.blobs.exclusive(() => context.trees.ensure(digest, manifest.files));
}
