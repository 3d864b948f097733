import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { ByteReader, ByteWriter } from '../samples/index.ts';
import type { Piece } from './open-minutes.ts';

/** The encoded sample of one series. */
export interface SeriesSample {
  readonly series: number;
  readonly bytes: Uint8Array;
}

export const MINUTES_PER_HOUR = 60;
/** Written once and kept for a month. */
const HOUR_LEVEL = 12;

/** By series, what is known of it. */
export type SeriesPieces = ReadonlyMap<number, readonly Piece[]>;

/** A second's samples of many series. */
export function packSecond(samples: readonly SeriesSample[]): Uint8Array {
  const writer = new ByteWriter(64 + samples.length * 128);
  for (const { series, bytes } of samples) {
    writer.number(series);
    writer.bytes(bytes);
  }
  return writer.take();
}

/** `wanted`: only these; null: all. */
export function unpackSecond(data: Uint8Array, wanted: ReadonlySet<number> | null): SeriesSample[] {
  const reader = new ByteReader(data);
  const samples: SeriesSample[] = [];
  while (!reader.done) {
    const series = reader.number();
    if (wanted && !wanted.has(series)) reader.skip();
    else samples.push({ series, bytes: reader.bytes() });
  }
  return samples;
}

/** A minute's seconds, series after series. */
export function packMinute(minute: number, bySeries: SeriesPieces): Uint8Array {
  const writer = new ByteWriter(2 ** 16);
  const inner = new ByteWriter(2 ** 13);
  for (const [series, pieces] of bySeries) {
    for (const { at, bytes } of pieces) {
      inner.number(at - minute);
      inner.bytes(bytes);
    }
    writer.number(series);
    writer.bytes(inner.take());
  }
  return zstdCompressSync(writer.take());
}

export function unpackMinute(minute: number, data: Uint8Array, wanted: ReadonlySet<number> | null): SeriesPieces {
  const reader = new ByteReader(zstdDecompressSync(data));
  const found = new Map<number, Piece[]>();
  while (!reader.done) {
    const series = reader.number();
    if (wanted && !wanted.has(series)) {
      reader.skip();
      continue;
    }
    const pieces: Piece[] = [];
    for (const inner = reader.inner(); !inner.done; ) pieces.push({ at: minute + inner.number(), bytes: inner.bytes() });
    found.set(series, pieces);
  }
  return found;
}

/** An hour's minutes of one series; no bytes where nothing is known. */
export function packHour(minutes: readonly Uint8Array[]): Uint8Array {
  const writer = new ByteWriter(8192);
  for (const minute of minutes) writer.bytes(minute);
  return zstdCompressSync(writer.take(), { params: { [constants.ZSTD_c_compressionLevel]: HOUR_LEVEL } });
}

export function unpackHour(data: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(zstdDecompressSync(data));
  return Array.from({ length: MINUTES_PER_HOUR }, () => reader.bytes());
}
