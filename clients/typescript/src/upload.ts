import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { LeptonApiError, SERVER_UNREACHABLE } from './errors.ts';
import type { LeptonClient } from './management.ts';

/** Waits before each further try of an upload that broke off; they begin anew whenever more has arrived. */
const WAITS_MS = [250, 500, 1_000, 2_000, 4_000, 8_000] as const;

/** A file that is sent under its digest. */
export interface Upload {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
  /** Its bytes from `start` on. */
  readonly open: (start: number) => Readable;
}

/**
 * Sends what the server lacks, each file from where an earlier upload of it broke off. A server that goes away meanwhile is waited for
 * and the upload goes on; one that stays away is an error, and the next push goes on. Resolves with the bytes sent. `onBegin` hears
 * how many bytes are to come, `onBytes` of each step (backwards, where bytes were lost on their way).
 */
export async function sendMissing(client: LeptonClient, uploads: readonly Upload[], onBegin: (bytes: number) => (bytes: number) => void): Promise<number> {
  const byDigest = new Map(uploads.map((upload) => [upload.digest, upload]));
  const { digests, partial } = await client.missingBlobs([...byDigest.keys()]);
  const offsets = new Map(partial.map(({ digest, offset }) => [digest, offset]));
  const missing = digests.flatMap((digest) => byDigest.get(digest) ?? []);
  const advance = onBegin(missing.reduce((sum, { size, digest }) => sum + size - (offsets.get(digest) ?? 0), 0));
  let sent = 0;
  for (const upload of missing) sent += await send(client, upload, offsets.get(upload.digest) ?? 0, advance);
  return sent;
}

async function send(client: LeptonClient, upload: Upload, start: number, advance: (bytes: number) => void): Promise<number> {
  let [offset, at, sent, failures] = [start, start, 0, 0];
  const count = (chunk: Uint8Array): Uint8Array => {
    at += chunk.byteLength;
    sent += chunk.byteLength;
    advance(chunk.byteLength);
    return chunk;
  };
  for (;;) {
    try {
      await put(client, upload, offset, count);
      return sent;
    } catch (error) {
      if (!mayGoOn(error, offset)) throw error;
      let next: number | null | undefined;
      do {
        const wait = WAITS_MS[failures++];
        if (wait === undefined) throw brokenOff(error as LeptonApiError, upload, offset);
        await delay(wait);
        next = await offsetNow(client, upload.digest);
      } while (next === undefined);
      advance((next ?? upload.size) - at);
      if (next === null) return sent;
      if (next > offset) failures = 0;
      offset = at = next;
    }
  }
}

async function put(client: LeptonClient, { digest, size, open }: Upload, offset: number, count: (chunk: Uint8Array) => Uint8Array): Promise<void> {
  const source = open(offset);
  try {
    await client.putBlob(digest, Readable.toWeb(source.map(count)) as ReadableStream<Uint8Array>, size, offset);
  } finally {
    // A fetch that failed would read on.
    source.destroy();
  }
}

const isAway = (error: unknown): error is LeptonApiError => error instanceof LeptonApiError && (error.status === 503 || error.code === SERVER_UNREACHABLE);

/** Also where others sent the same file, or what was there turned out to be of another one, and is gone now. */
const mayGoOn = (error: unknown, offset: number): boolean => isAway(error) || (error instanceof LeptonApiError && (error.code === 'CONFLICT' || (offset > 0 && error.code === 'DIGEST_MISMATCH')));

/** Where it can go on; null: the file is there; undefined: the server is away. */
async function offsetNow(client: LeptonClient, digest: string): Promise<number | null | undefined> {
  try {
    const { digests, partial } = await client.missingBlobs([digest]);
    return digests.length === 0 ? null : (partial[0]?.offset ?? 0);
  } catch (error) {
    if (isAway(error)) return undefined;
    throw error;
  }
}

function brokenOff(cause: LeptonApiError, { path, size }: Upload, offset: number): LeptonApiError {
  const there = offset ? `; at least ${offset} of its ${size} bytes are there` : '';
  return new LeptonApiError(`the server went away in the middle of the upload of ${path} (${cause.message})${there}. Nothing was published; push again when it is back, and it goes on from what is there`, { code: cause.code, status: cause.status, cause });
}
