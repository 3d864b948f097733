import { availableParallelism } from 'node:os';
import { type ArtefactFile, canonicalJson, type ModelFormat, Places } from '../core/index.ts';
import { inspectArtefact } from './formats/index.ts';
import type { ArtefactTrees } from './storage/index.ts';
import type { Inspection } from './types.ts';

/** Each is a process that loads a model; what waits holds nothing but its request. */
const RUNNING_MAX = Math.min(4, availableParallelism());
const REMEMBERED_MAX = 128;
const REMEMBERED_CHARACTERS_MAX = 32 * 1024;

/**
 * Inspects artefacts, a few at a time in order of arrival. What files hold does not change under their digests, so what was
 * found is remembered: the same content under another name or with other metadata needs no process.
 */
export class Inspections {
  readonly #trees: ArtefactTrees;
  readonly #timeoutMs: number;
  /** Least recently used first. */
  readonly #found = new Map<string, Inspection>();
  readonly #places = new Places(RUNNING_MAX);

  constructor(trees: ArtefactTrees, timeoutMs: number) {
    this.#trees = trees;
    this.#timeoutMs = timeoutMs;
  }

  /** Of stored files. MODEL_INVALID with the reason if they can't be served. */
  async of(files: readonly ArtefactFile[], format: ModelFormat | undefined): Promise<Inspection> {
    const key = canonicalJson({ files, format: format ?? null });
    const known = this.#found.get(key);
    if (known) return this.#remember(key, known);
    const options = { timeoutMs: this.#timeoutMs, ...(format === undefined ? {} : { format }) };
    return this.#places.within(async () => this.#remember(key, this.#found.get(key) ?? (await this.#trees.withTemporary(files, (directory) => inspectArtefact(directory, options)))));
  }

  #remember(key: string, inspection: Inspection): Inspection {
    this.#found.delete(key);
    if (key.length + JSON.stringify(inspection).length > REMEMBERED_CHARACTERS_MAX) return inspection;
    this.#found.set(key, inspection);
    const [oldest] = this.#found.keys();
    if (this.#found.size > REMEMBERED_MAX && oldest !== undefined) this.#found.delete(oldest);
    return inspection;
  }
}
