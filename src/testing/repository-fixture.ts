/** A real model repository in a temporary directory, with its events kept and a clock that can be moved. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type ArtefactFile, digestOf, type EventInput } from '../core/index.ts';
import { type Database, openDatabase } from '../database/index.ts';
import { createModelRepository, type ModelRepository } from '../model-repository/index.ts';

export interface RepositoryFixture {
  readonly directory: string;
  readonly database: Database;
  readonly repository: ModelRepository;
  readonly events: EventInput[];
  /** Milliseconds by which the repository's clock is ahead. */
  advance(milliseconds: number): void;
  close(): Promise<void>;
}

/** Opens one; `url` for Postgres. `directory`: an existing one, which is kept. */
export async function openRepository(options: { url?: string; directory?: string; fileBytesMax?: number } = {}): Promise<RepositoryFixture> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'lepton-repository-')));
  const database = await openDatabase({ dataDirectory: directory, url: options.url ?? null });
  const events: EventInput[] = [];
  let ahead = 0;
  const clock = { now: () => Date.now() + ahead, monotonic: () => performance.now() + ahead };
  const repository = createModelRepository({ database, directory, events: { record: (event) => void events.push(event) }, clock, fileBytesMax: options.fileBytesMax ?? 64 * 2 ** 20 });
  return {
    directory,
    database,
    repository,
    events,
    advance: (milliseconds) => void (ahead += milliseconds),
    async close() {
      await database.close();
      if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Stores content and returns the entry that names it under `path`. */
export async function store(repository: ModelRepository, path: string, content: Uint8Array): Promise<ArtefactFile> {
  const digest = digestOf(content);
  await repository.putBlob(digest, Readable.from([content]));
  return { path, digest, size: content.byteLength };
}
