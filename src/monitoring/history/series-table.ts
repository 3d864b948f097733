import type { DatabaseSync } from 'node:sqlite';
import type { OpenMinutes } from './open-minutes.ts';

export interface Series {
  readonly id: number;
  readonly service: string;
  readonly version: string;
}

/** Every version of a service that something is kept of. */
export class SeriesTable {
  readonly #database: DatabaseSync;
  readonly #services = new Map<string, Map<string, number>>();
  #count = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.reload();
  }

  /** Inside the caller's transaction. */
  idOf(service: string, version: string): number {
    const known = this.#services.get(service)?.get(version);
    if (known !== undefined) return known;
    const id = Number(this.#database.prepare('INSERT INTO series (service, version) VALUES (?, ?)').run(service, version).lastInsertRowid);
    this.#note({ id, service, version });
    return id;
  }

  /** Those of one service, or all; in the order in which they came. */
  list(service: string | null): readonly Series[] {
    const services = service === null ? [...this.#services.keys()] : [service];
    return services.flatMap((name) => [...(this.#services.get(name) ?? [])].map(([version, id]) => ({ id, service: name, version }))).sort((a, b) => a.id - b.id);
  }

  /** Removes those of which nothing is kept any more. */
  forgetUnused(open: OpenMinutes): void {
    const used = new Set((this.#database.prepare('SELECT DISTINCT series FROM hours').all() as { series: number }[]).map(({ series }) => series));
    for (const hour of open.hours()) for (const series of open.seriesOf(hour)) used.add(series);
    if (used.size === this.#count) return;
    for (const { id } of this.list(null)) if (!used.has(id)) this.#database.prepare('DELETE FROM series WHERE id = ?').run(id);
    this.reload();
  }

  /** Reads what the file says: after a roll-back memory may know more. */
  reload(): void {
    this.#services.clear();
    this.#count = 0;
    for (const row of this.#database.prepare('SELECT id, service, version FROM series ORDER BY id').all()) this.#note(row as unknown as Series);
  }

  #note({ id, service, version }: Series): void {
    let versions = this.#services.get(service);
    if (!versions) this.#services.set(service, (versions = new Map()));
    versions.set(version, id);
    this.#count++;
  }
}
