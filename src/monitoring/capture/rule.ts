/** What is captured of a service. */
export interface CaptureRule {
  readonly service: string;
  /** null: every version. */
  readonly versions: readonly string[] | null;
  /** Share of answers, above 0 to 1. */
  readonly rate: number;
  /** Of one gateway. */
  readonly perSecondMax: number;
  /** A longer tensor is noted without its values. */
  readonly tensorBytesMax: number;
  /** Tensors whose values are left out, by name. */
  readonly redact: readonly string[];
  /** ISO 8601, UTC; null: until it is switched off. */
  readonly until: string | null;
}

/** Where gateways bring what they captured and get the rules; not for the world. */
export const CAPTURE_PATH = '/internal/capture';

/** A tensor as it was; `data` is base64 of its bytes, null when it was redacted or too long. */
export interface CapturedTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: string | null;
}
export interface CapturedAnswer {
  /** Milliseconds. */
  readonly at: number;
  readonly service: string;
  readonly version: string;
  readonly predictionId: string;
  readonly inputs: readonly CapturedTensor[];
  readonly outputs: readonly CapturedTensor[];
}
export interface CaptureReport {
  readonly answers: readonly CapturedAnswer[];
  /** Sampled, but left out since the buffer or the second was full. */
  readonly dropped: number;
}
