import { ByteReader, ByteWriter } from './bytes.ts';

/** Where gateways send their reports; the answer comes once they are committed. */
export const SAMPLES_PATH = '/internal/samples';
/** Header with the number of reports that a gateway gave up since its last one. */
export const DROPPED_HEADER = 'lepton-dropped';

/** One version's encoded sample. */
export interface ReportedSample {
  readonly service: string;
  readonly version: string;
  readonly bytes: Uint8Array;
}

/** What one process saw in one second. `source` and `sequence` tell a repetition from a new one. */
export interface Report {
  readonly source: string;
  /** Grows by one with each report of the source. */
  readonly sequence: number;
  /** Seconds since the epoch, when it ends. */
  readonly at: number;
  readonly samples: readonly ReportedSample[];
}

const FORMAT = 1;

export function encodeReport({ source, sequence, at, samples }: Report): Uint8Array {
  const writer = new ByteWriter(64 + samples.length * 160);
  writer.number(FORMAT);
  writer.text(source);
  writer.number(sequence);
  writer.number(at);
  writer.number(samples.length);
  for (const { service, version, bytes } of samples) {
    writer.text(service);
    writer.text(version);
    writer.bytes(bytes);
  }
  return writer.take();
}

/** Throws RangeError on bytes that are no report. */
export function decodeReport(bytes: Uint8Array): Report {
  const reader = new ByteReader(bytes);
  const format = reader.number();
  if (format !== FORMAT) throw new RangeError(`reports of format ${format} are unknown`);
  const [source, sequence, at] = [reader.text(), reader.number(), reader.number()];
  const samples: ReportedSample[] = [];
  for (let left = reader.number(); left > 0; left--) samples.push({ service: reader.text(), version: reader.text(), bytes: reader.bytes() });
  return { source, sequence, at, samples };
}
