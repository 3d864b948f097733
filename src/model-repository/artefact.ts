/** What an artefact and its description may look like. Pure checks; all throw INVALID_ARGUMENT with the value. */
import { type ArtefactFile, type BatchingHint, canonicalJson, isDigest, LeptonError } from '../core/index.ts';

export const FILES_MAX = 4096;
const PATH_LENGTH_MAX = 1024;
const METADATA_BYTES_MAX = 64 * 1024;
const PREFERRED_SIZES_MAX = 64;

const invalid = (message: string): LeptonError => new LeptonError('INVALID_ARGUMENT', message);
const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 200) ?? String(value);

/** Refuses a path that is not a plain relative one with `/`. */
export function checkArtefactPath(path: unknown): string {
  if (typeof path !== 'string' || path === '') throw invalid(`file path ${shown(path)} is not a text with at least one character`);
  if (path.length > PATH_LENGTH_MAX) throw invalid(`file path ${shown(path)} is longer than ${PATH_LENGTH_MAX} characters`);
  if (path.includes('\\') || /[\u0000-\u001f\u007f]/.test(path)) throw invalid(`file path ${shown(path)} contains a backslash or control character`);
  if (path.startsWith('/')) throw invalid(`file path ${shown(path)} is absolute; paths are relative to the artefact`);
  const part = path.split('/').find((name) => name === '' || name === '.' || name === '..' || Buffer.byteLength(name) > 255);
  if (part !== undefined) throw invalid(`file path ${shown(path)} has the part ${shown(part)}; parts are names of 1 to 255 bytes, not . or ..`);
  return path;
}

/** Checks and sorts the files of an artefact by path. */
export function checkArtefactFiles(files: readonly ArtefactFile[]): ArtefactFile[] {
  if (!Array.isArray(files) || files.length === 0) throw invalid('an artefact needs at least one file');
  if (files.length > FILES_MAX) throw invalid(`the artefact has ${files.length} files, the most allowed are ${FILES_MAX}`);
  const paths = new Set<string>();
  for (const file of files) {
    checkArtefactPath(file.path);
    if (!isDigest(file.digest)) throw invalid(`file ${file.path}: ${shown(file.digest)} is not a digest: sha256: and 64 hexadecimal digits`);
    if (!Number.isSafeInteger(file.size) || file.size < 0) throw invalid(`file ${file.path}: size ${file.size} is not a whole number ≥ 0`);
    if (paths.has(file.path)) throw invalid(`file path ${shown(file.path)} appears twice`);
    paths.add(file.path);
  }
  for (const path of paths) refuseFileAsFolder(path, paths);
  return files.map(({ path, digest, size }) => ({ path, digest, size })).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function refuseFileAsFolder(path: string, paths: ReadonlySet<string>): void {
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    if (paths.has(folder)) throw invalid(`${shown(folder)} is a file and also the folder of ${shown(path)}`);
  }
}

/** Checks a version's metadata: a JSON object of at most 64 KiB. Returns its canonical copy. */
export function checkMetadata(metadata: unknown): Readonly<Record<string, unknown>> {
  if (metadata === undefined || metadata === null) return {};
  if (typeof metadata !== 'object' || Array.isArray(metadata)) throw invalid('metadata must be a JSON object');
  let text: string;
  try {
    text = canonicalJson(metadata);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', 'metadata is not JSON, or nested too deep', { cause });
  }
  if (Buffer.byteLength(text) > METADATA_BYTES_MAX) throw invalid(`metadata has ${Buffer.byteLength(text)} bytes as JSON, the most allowed are ${METADATA_BYTES_MAX}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Checks a batching hint; keeps only the fields that it may have. */
export function checkBatching(hint: BatchingHint | null | undefined): BatchingHint | null {
  if (!hint) return null;
  const { maxBatchSize, preferred, maxDelayMs } = hint;
  if (!isSize(maxBatchSize)) throw invalid(`batching.maxBatchSize ${shown(maxBatchSize)} is not a whole number from 0 to 65536`);
  if (preferred !== undefined && (!Array.isArray(preferred) || preferred.length > PREFERRED_SIZES_MAX || !preferred.every(isSize))) throw invalid(`batching.preferred ${shown(preferred)} is not a list of at most ${PREFERRED_SIZES_MAX} batch sizes`);
  if (maxDelayMs !== undefined && !(Number.isFinite(maxDelayMs) && maxDelayMs >= 0 && maxDelayMs <= 60_000)) throw invalid(`batching.maxDelayMs ${shown(maxDelayMs)} is not a number from 0 to 60000`);
  return { maxBatchSize, ...(preferred?.length ? { preferred } : {}), ...(maxDelayMs !== undefined ? { maxDelayMs } : {}) };
}

const isSize = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65536;
