import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

/** The last `bytes` of a log as text, from a line's start; '' when there is none. */
export function tailLog(file: string, bytes: number): string {
  const descriptor = open(file, 'r');
  if (descriptor === null) return '';
  try {
    return wholeLines(readTail(descriptor, bytes)).toString('utf8');
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Cuts a log that is over `bytesMax` down to its last half of that; returns how many bytes have gone from its start, 0 if
 * none. Writers keep their descriptors: they append (O_APPEND), so their next line goes to the new end. A line written
 * between reading and cutting, some microseconds, is lost.
 */
export function trimLog(file: string, bytesMax: number): number {
  const descriptor = open(file, 'r+');
  if (descriptor === null) return 0;
  try {
    const { size } = fstatSync(descriptor);
    if (size <= bytesMax) return 0;
    const kept = wholeLines(readTail(descriptor, Math.floor(bytesMax / 2)));
    ftruncateSync(descriptor, 0);
    // Through a second, appending descriptor: what writers put in meanwhile must not be written over.
    const appender = openSync(file, 'a');
    try {
      writeSync(appender, kept);
    } finally {
      closeSync(appender);
    }
    return size - kept.byteLength;
  } finally {
    closeSync(descriptor);
  }
}

function open(file: string, flags: string): number | null {
  try {
    return openSync(file, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Whether the first line is whole is not known unless the file was read from its start. */
function readTail(descriptor: number, bytes: number): { data: Buffer; fromStart: boolean } {
  const { size } = fstatSync(descriptor);
  const length = Math.min(size, bytes);
  const data = Buffer.alloc(length);
  const read = readSync(descriptor, data, 0, length, size - length);
  return { data: data.subarray(0, read), fromStart: length === size };
}

function wholeLines({ data, fromStart }: { data: Buffer; fromStart: boolean }): Buffer {
  const newline = data.indexOf(10);
  return fromStart || newline === -1 ? data : data.subarray(newline + 1);
}
