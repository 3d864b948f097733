import { open } from 'node:fs/promises';

/** A line and where it begins in its file. */
export interface RawLine {
  readonly text: string;
  readonly offset: number;
}

const CHUNK_BYTES = 64 * 1024;
/** A line that goes on longer is cut where it is looked at. */
const LINE_BYTES_MAX = 64 * 1024;

/**
 * The lines of a file from its last to its first, read as they are asked for. `take` is told of every chunk and says
 * whether it may still be read. Nothing for a file that is not there.
 */
export async function* readLinesBackwards(file: string, take: (bytes: number) => boolean): AsyncGenerator<RawLine> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!handle) return;
  try {
    let at = (await handle.stat()).size;
    let rest = Buffer.alloc(0);
    while (at > 0) {
      const length = Math.min(CHUNK_BYTES, at);
      if (!take(length)) return;
      const chunk = Buffer.alloc(length);
      const { bytesRead } = await handle.read(chunk, 0, length, at - length);
      // Cut down meanwhile: what is read now are other lines.
      if (bytesRead < length) return;
      at -= length;
      const data = Buffer.concat([chunk, rest]);
      const first = at === 0 ? 0 : chunk.indexOf(10) + 1;
      // A line longer than a chunk, whose start is to come: of its end no more is kept than is shown.
      if (first === 0 && at > 0) {
        rest = Buffer.from(data.subarray(0, LINE_BYTES_MAX));
        continue;
      }
      yield* linesOf(data.subarray(first), at + first).reverse();
      rest = Buffer.from(data.subarray(0, first));
    }
  } finally {
    await handle.close();
  }
}

/** The whole lines between two offsets of a file, in order, and where the next read begins. */
export async function readLinesBetween(file: string, from: number, to: number): Promise<{ readonly lines: readonly RawLine[]; readonly next: number }> {
  const handle = await open(file, 'r').catch(() => null);
  if (!handle) return { lines: [], next: from };
  try {
    const data = Buffer.alloc(to - from);
    const { bytesRead } = await handle.read(data, 0, data.byteLength, from);
    const read = data.subarray(0, bytesRead);
    const end = read.lastIndexOf(10) + 1;
    const whole = end > 0 ? end : read.byteLength >= LINE_BYTES_MAX ? read.byteLength : 0;
    return { lines: linesOf(read.subarray(0, whole), from), next: from + whole };
  } finally {
    await handle.close();
  }
}

function linesOf(data: Buffer, offset: number): RawLine[] {
  const lines: RawLine[] = [];
  for (let start = 0; start < data.byteLength; ) {
    const newline = data.indexOf(10, start);
    const end = newline === -1 ? data.byteLength : newline;
    if (end > start) lines.push({ text: data.toString('utf8', start, Math.min(end, start + LINE_BYTES_MAX)), offset: offset + start });
    start = end + 1;
  }
  return lines;
}
