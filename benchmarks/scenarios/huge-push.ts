import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { BenchPlatform } from '../platform/platform.ts';

export interface HugeContent {
  readonly file: string;
  readonly size: number;
  readonly digest: string;
}

const CHUNK_BYTES = 2 ** 20;

/** A file of zeros and its digest; kept, since hashing it takes seconds. */
export async function hugeContent(cache: string, size: number): Promise<HugeContent> {
  const file = join(cache, `content-${size}`);
  mkdirSync(cache, { recursive: true });
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += CHUNK_BYTES) hash.update(chunk);
  if (!existsSync(file) || statSync(file).size !== size) {
    const handle = await open(file, 'w');
    await handle.truncate(size);
    await handle.close();
  }
  return { file, size, digest: `sha256:${hash.digest('hex')}` };
}

/** Uploads it; the next gc drops it, and then it can be pushed again. */
export async function pushContent({ client }: BenchPlatform, { file, size, digest }: HugeContent): Promise<void> {
  await client.putBlob(digest, Readable.toWeb(createReadStream(file, { highWaterMark: CHUNK_BYTES })) as ReadableStream<Uint8Array>, size);
  await client.gc({ graceMs: 0 });
}
