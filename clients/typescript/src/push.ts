import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, relative, sep } from 'node:path';
import { Readable } from 'node:stream';
import { LeptonApiError } from './errors.ts';
import type { LeptonClient } from './management.ts';
import { sendMissing, type Upload } from './upload.ts';
import type { ArtefactFile, PublishResult, VersionPublish } from './types.ts';

/** The server takes no more files in one version. */
const FILES_MAX = 4096;

export interface PushProgress {
  readonly phase: 'hash' | 'upload' | 'verify';
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface PushOptions extends Pick<VersionPublish, 'allowUnsafe' | 'metadata' | 'batching' | 'parent' | 'createRepository' | 'format'> {
  readonly repository: string;
  readonly version: string;
  /** Files beside those of the directory, by path. */
  readonly extraFiles?: Readonly<Record<string, Uint8Array>>;
  readonly onProgress?: (progress: PushProgress) => void;
  /** What was sent although it may not be meant, in a sentence: a symbolic link that leads out of the directory. */
  readonly onWarning?: (message: string) => void;
}

export interface PushResult extends PublishResult {
  /** Bytes that had to be sent; the rest was stored already. */
  readonly sentBytes: number;
  readonly totalBytes: number;
}

type LocalFile = Omit<Upload, 'digest'>;

/**
 * Hashes, asks which files the server lacks, sends those, publishes. A file that changes meanwhile is refused by the server.
 * A file that the server had, but dropped with another push that it refused, is sent after all.
 */
export async function pushDirectory(client: LeptonClient, path: string, options: PushOptions): Promise<PushResult> {
  const { repository, extraFiles = {}, onProgress = () => undefined, onWarning = () => undefined, ...input } = options;
  const files = [...(await localFiles(path, onWarning)).filter((file) => !Object.hasOwn(extraFiles, file.path)), ...Object.entries(extraFiles).map(memoryFile)];
  const totalBytes = sum(files);
  const hashed = await hashAll(files, meter('hash', totalBytes, onProgress));
  let sentBytes = 0;
  const attempt = async (): Promise<PublishResult> => {
    sentBytes += await sendMissing(client, hashed, (bytes) => meter('upload', bytes, onProgress));
    onProgress({ phase: 'verify', doneBytes: totalBytes, totalBytes });
    return client.publish(repository, { ...input, files: hashed.map(({ path, size, digest }) => ({ path, size, digest })) });
  };
  const result = await attempt().catch((error: unknown) => {
    if (error instanceof LeptonApiError && error.code === 'BLOB_MISSING') return attempt();
    throw error;
  });
  return { ...result, sentBytes, totalBytes };
}

const sum = (files: readonly LocalFile[]): number => files.reduce((total, file) => total + file.size, 0);

function memoryFile([path, content]: [string, Uint8Array]): LocalFile {
  return { path, size: content.byteLength, open: (start) => Readable.from([content.subarray(start)]) };
}

async function localFiles(path: string, onWarning: (message: string) => void): Promise<LocalFile[]> {
  const facts = await stat(path).catch((cause: Error) => {
    throw new LeptonApiError(`cannot read ${path}: ${cause.message}`, { code: 'INVALID_ARGUMENT', status: 0, cause });
  });
  const found = facts.isDirectory() ? await walk({ root: path, realRoot: await realpath(path), onWarning }, '') : [{ path: basename(path), absolute: path, size: facts.size }];
  if (found.length === 0) throw new LeptonApiError(`${path} holds no file`, { code: 'INVALID_ARGUMENT', status: 0 });
  return found.map(({ path: name, absolute, size }) => ({ path: name, size, open: (start) => createReadStream(absolute, { start }) }));
}

interface Found {
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
}

interface Walk {
  readonly root: string;
  readonly realRoot: string;
  readonly onWarning: (message: string) => void;
}

/**
 * Symbolic links are followed, as it is the caller's own directory, but one that leads out of it is told. Loops end at the
 * count of files or the length of the path.
 */
async function walk(walked: Walk, prefix: string): Promise<Found[]> {
  const { root } = walked;
  const found: Found[] = [];
  const entries = await readdir(join(root, prefix), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = prefix ? `${prefix}/${entry.name}` : entry.name;
    const absolute = join(root, path);
    if (entry.isSymbolicLink()) await warnOutside(walked, path, absolute);
    const facts = await stat(absolute);
    if (facts.isDirectory()) found.push(...(await walk(walked, path)));
    else if (facts.isFile()) found.push({ path, absolute, size: facts.size });
    if (found.length > FILES_MAX || path.length > 1024) throw new LeptonApiError(`${root} holds more than ${FILES_MAX} files or too deep ones; push the model's own directory`, { code: 'INVALID_ARGUMENT', status: 0 });
  }
  return found;
}

async function warnOutside({ root, realRoot, onWarning }: Walk, path: string, absolute: string): Promise<void> {
  const target = await realpath(absolute);
  const way = relative(realRoot, target);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) onWarning(`${path} is a link to ${target}, outside ${root}; what it leads to is pushed`);
}

interface HashedFile extends LocalFile {
  readonly digest: ArtefactFile['digest'];
}

async function hashAll(files: readonly LocalFile[], advance: (bytes: number) => void): Promise<HashedFile[]> {
  const hashed: HashedFile[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    for await (const chunk of file.open(0)) {
      hash.update(chunk as Uint8Array);
      advance((chunk as Uint8Array).byteLength);
    }
    hashed.push({ ...file, digest: `sha256:${hash.digest('hex')}` });
  }
  return hashed;
}

function meter(phase: PushProgress['phase'], totalBytes: number, onProgress: (progress: PushProgress) => void): (bytes: number) => void {
  let doneBytes = 0;
  return (bytes) => onProgress({ phase, doneBytes: (doneBytes += bytes), totalBytes });
}
