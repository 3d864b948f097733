import type { Signature } from '../core/index.ts';
import { KNOWN_ANSWERS_FILE } from './known-answers.ts';
import { type LoadedModel, runInTurn, type TensorSet } from './loaded-model.ts';
import { freeDimensions, guessDimensions, synthesise, type Values } from './synthesise.ts';

const TRIES_MAX = 100;
const BUDGET_MS = 3_000;

export type SmokeRun =
  /** These made-up inputs ran; `another(seed)` makes more of the same sizes. */
  | { readonly outcome: 'ran'; readonly inputs: TensorSet; readonly another: (seed: number) => TensorSet }
  /** Nothing was left to guess, and it fails. */
  | { readonly outcome: 'failed'; readonly error: Error }
  /** Free dimensions or texts were guessed and no guess ran; that says little about the model. */
  | { readonly outcome: 'inconclusive'; readonly message: string };

/** Runs the model once on made-up inputs, to see that it runs at all. */
export async function smokeRun(model: LoadedModel): Promise<SmokeRun> {
  const { signature } = model;
  const keys = freeDimensions(signature);
  const deadline = performance.now() + BUDGET_MS;
  let tries = 0;
  let firstError = new Error('no inputs of a sensible size could be made up');
  for (const { inputs, another } of candidates(signature, keys)) {
    if (tries > 0 && (tries >= TRIES_MAX || performance.now() > deadline)) break;
    const error = await runInTurn(model, inputs).then(() => null, (thrown: Error) => thrown);
    if (error === null) return { outcome: 'ran', inputs, another };
    if (tries++ === 0) firstError = error;
  }
  if (nothingIsGuessed(signature)) return { outcome: 'failed', error: firstError };
  return { outcome: 'inconclusive', message: `no guess at the free dimensions and texts ran in ${tries} tries (add ${KNOWN_ANSWERS_FILE} to be sure); the first said: ${firstError.message}` };
}

function* candidates(signature: Signature, keys: readonly string[]): Generator<{ inputs: TensorSet; another: (seed: number) => TensorSet }> {
  for (const values of ['random', 'ones', 'zeros'] satisfies Values[]) {
    for (const sizes of guessDimensions(keys)) {
      const inputs = synthesise(signature, sizes, values, 1);
      if (inputs) yield { inputs, another: (seed) => synthesise(signature, sizes, 'random', seed) ?? inputs };
    }
  }
}

/** Only the batch is free, and there are no texts, of which a model may want any sort. */
const nothingIsGuessed = (signature: Signature): boolean => signature.inputs.every((spec) => spec.datatype !== 'BYTES' && spec.shape.every((size, axis) => size !== -1 || axis === 0));
