/**
 * Names of an output's classes, which the classification extension writes behind their index. A version brings them as text
 * files of its artefact, one label a line: `labels/OUTPUT.txt`, or `labels.txt` for outputs that have none of their own.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type ArtefactFile, type ClassLabels, LeptonError, type Signature, type VersionManifest } from '../core/index.ts';
import type { ModelRepository } from './types.ts';

/** Every gateway holds the labels of every version that it serves. */
export const CLASS_LABELS_BYTES_MAX = 2 ** 20;
const SHARED_FILE = 'labels.txt';
const UTF8 = new TextDecoder('utf-8', { fatal: true });

export const classLabelsPath = (output: string): string => `labels/${output}.txt`;

/** Which of these files has an output's labels. */
function labelFiles<File extends { readonly path: string }>(files: readonly File[], { outputs }: Signature): [output: string, file: File][] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return outputs.flatMap(({ name, datatype }): [string, File][] => {
    const file = datatype === 'BYTES' || datatype === 'BOOL' ? undefined : (byPath.get(classLabelsPath(name)) ?? byPath.get(SHARED_FILE));
    return file ? [[name, file]] : [];
  });
}

/** Throws MODEL_INVALID for label files that are too large or not UTF-8. */
export async function checkClassLabels(directory: string, paths: readonly string[], signature: Signature): Promise<void> {
  let bytes = 0;
  for (const [output, { path }] of labelFiles(paths.map((path) => ({ path })), signature)) {
    bytes += (await stat(join(directory, path))).size;
    if (bytes > CLASS_LABELS_BYTES_MAX) throw new LeptonError('MODEL_INVALID', `${path}: the labels of the outputs up to ${output} have ${bytes} bytes, the most allowed are ${CLASS_LABELS_BYTES_MAX}; give the file another name if it holds no labels`);
    parseClassLabels(path, await readFile(join(directory, path)));
  }
}

/** A version's labels by output; undefined if it has none that are within the bounds. Rejects with what openBlob rejects with. */
export async function readClassLabels(repository: Pick<ModelRepository, 'openBlob'>, { files, signature }: Pick<VersionManifest, 'files' | 'signature'>): Promise<Readonly<Record<string, ClassLabels>> | undefined> {
  const found = labelFiles<ArtefactFile>(files, signature);
  const bytes = found.reduce((sum, [, { size }]) => sum + size, 0);
  if (!found.length || bytes > CLASS_LABELS_BYTES_MAX) return undefined;
  const entries: [string, ClassLabels][] = [];
  for (const [output, { path, digest }] of found) {
    const { content } = await repository.openBlob(digest);
    entries.push([output, { file: path, labels: parseClassLabels(path, await buffer(content)) }]);
  }
  return Object.fromEntries(entries);
}

function parseClassLabels(path: string, bytes: Uint8Array): string[] {
  try {
    const lines = UTF8.decode(bytes).split(/\r?\n/);
    // The last line ends like all others.
    return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  } catch (cause) {
    throw new LeptonError('MODEL_INVALID', `${path}: the labels of classes are not UTF-8`, { cause });
  }
}
