export { ByteReader, ByteWriter } from './bytes.ts';
export { type Field, HISTOGRAM_NUMBERS, type HistogramName } from './fields.ts';
export { decodeReport, DROPPED_HEADER, encodeReport, type Report, type ReportedSample, SAMPLES_PATH } from './report.ts';
export { type Counted, type Distribution, Sample } from './sample.ts';
