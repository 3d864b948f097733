import type { Tensor } from '../../../core/index.ts';

export type ParameterValue = string | number | boolean | bigint;

/** An output that the client asked for. */
export interface RequestedOutput {
  readonly name: string;
  /** As raw bytes rather than JSON; fronts without JSON ignore it. */
  readonly binary: boolean;
  /** As the so many highest elements, written `value:index[:label]` (classification extension); 0 or absent: as the tensor itself. */
  readonly classification?: number;
}

/**
 * One inference request, whatever front it came through: tensors are bytes already, checked against their own datatype
 * and shape. What the version makes of them is checked after routing, since each version has its own signature.
 */
export interface InferenceRequest {
  /** Model name: a service. */
  readonly model: string;
  /** Version or label; null: the traffic policy decides. */
  readonly version: string | null;
  /** The client's own id, echoed; '' if none. */
  readonly id: string;
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  readonly inputs: readonly Tensor[];
  /** Bytes of the only input, whose name, datatype and shape are the version's to say (raw binary request). */
  readonly rawInput?: Uint8Array;
  /** In the order of the answer; null: all outputs. */
  readonly outputs: readonly RequestedOutput[] | null;
  /** Whether outputs that the request doesn't list go back as bytes. */
  readonly binaryByDefault: boolean;
  /** Called when the inputs have been used and their bytes are read no more; not always. */
  letGo?: () => void;
}

/** Where the time of one answer went, milliseconds. */
export interface InferenceTiming {
  /** Waiting for a replica. */
  readonly queueMs: number;
  /** Merging inputs and splitting outputs in the worker. */
  readonly batchMs: number;
  /** Inside the runtime. */
  readonly runMs: number;
  readonly totalMs: number;
  /** Rows that ran together. */
  readonly batchSize: number;
}

export interface InferenceAnswer {
  readonly model: string;
  /** The version that answered. */
  readonly version: string;
  readonly id: string;
  /** UUID that joins later feedback to this answer. */
  readonly predictionId: string;
  readonly outputs: readonly Tensor[];
  readonly timing: InferenceTiming;
  /** To be called when the outputs' bytes are read no more, if anybody knows. */
  readonly letGo?: () => void;
}
