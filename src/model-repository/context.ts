import type { Clock, EventInput, EventSink } from '../core/index.ts';
import type { Database, Schema } from '../database/index.ts';
import type { Kysely } from 'kysely';
import type { Inspections } from './inspections.ts';
import type { ArtefactTrees, BlobStore } from './storage/index.ts';

/** Reads and writes go through either the database or a transaction of it. */
export type Queries = Kysely<Schema>;

/** What the parts of the repository share. */
export interface RepositoryContext {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly trees: ArtefactTrees;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly fileBytesMax: number;
  readonly inspections: Inspections;
}

export const nowText = (context: RepositoryContext): string => new Date(context.clock.now()).toISOString();

export type RepositoryEvent = Omit<EventInput, 'severity'> & Partial<Pick<EventInput, 'severity'>>;
export function announce(context: RepositoryContext, event: RepositoryEvent): void {
  context.events.record({ severity: 'info', ...event });
}
