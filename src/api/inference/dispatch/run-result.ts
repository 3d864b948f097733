/** Takes a worker's answer to a run apart. */
import { LeptonError, releaseBytes, type Tensor } from '../../../core/index.ts';
import { type InferResultMessage, LARGE_FRAME_BYTES, type WireTensor } from '../../../wire/index.ts';

/** Releases the bytes of an answer frame when each of its requests has let them go; small ones are left to the collector. */
export function whenAll(requests: number, body: Uint8Array): (() => void) | undefined {
  if (body.byteLength < LARGE_FRAME_BYTES) return undefined;
  let left = requests;
  return () => {
    if (--left === 0) releaseBytes(body);
  };
}

/** Cuts a result's body into the outputs of its items. Throws when it does not add up. */
export function cut(result: InferResultMessage, body: Uint8Array, requests: number): (Tensor[] | null)[] {
  if (result.items.length !== requests) throw new Error(`${result.items.length} answers to ${requests} requests`);
  let at = 0;
  const take = ({ name, datatype, shape, bytes }: WireTensor): Tensor => {
    const data = body.subarray(at, (at += bytes));
    if (data.byteLength !== bytes) throw new Error(`output '${name}' is cut short`);
    return { name, datatype: datatype as Tensor['datatype'], shape, data };
  };
  return result.items.map((item) => ('code' in item ? null : item.outputs.map(take)));
}

/** The outputs in the order asked for. Throws INTERNAL when one is missing. */
export function inOrder(outputs: readonly Tensor[], names: readonly string[]): readonly Tensor[] {
  if (outputs.length === names.length && outputs.every((output, index) => output.name === names[index])) return outputs;
  return names.map((name) => {
    const output = outputs.find((candidate) => candidate.name === name);
    if (!output) throw new LeptonError('INTERNAL', `the worker left out output '${name}'`);
    return output;
  });
}
