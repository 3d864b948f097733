import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ByteReader, ByteWriter } from '../samples/index.ts';

/** The encoded sample of one series. */
export interface SeriesSample {
  readonly series: number;
  readonly bytes: Uint8Array;
}

export const MINUTES_PER_HOUR = 60;

/** A second's samples of many series. */
export function packSecond(samples: readonly SeriesSample[]): Uint8Array {
  const writer = new ByteWriter(64 + samples.length * 128);
  for (const { series, bytes } of samples) {
    writer.number(series);
    writer.bytes(bytes);
  }
  return zstdCompressSync(writer.take());
}

export function unpackSecond(data: Uint8Array): SeriesSample[] {
  const reader = new ByteReader(zstdDecompressSync(data));
  const samples: SeriesSample[] = [];
  while (!reader.done) samples.push({ series: reader.number(), bytes: reader.bytes() });
  return samples;
}

/** An hour's minutes of one series; no bytes where nothing is known. */
export function packHour(minutes: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(8192);
  for (const minute of minutes) writer.bytes(minute);
  return zstdCompressSync(writer.take());
}

export function unpackHour(data: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(zstdDecompressSync(data));
  return Array.from({ length: MINUTES_PER_HOUR }, () => reader.bytes());
}
