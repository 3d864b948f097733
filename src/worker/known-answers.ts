import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type KnownAnswer, LeptonError, type Tensor } from '../core/index.ts';
import { describeDifference, firstDifference } from './compare.ts';
import { parseExactJson, tensorFromJson } from './json-tensor.ts';
import { type LoadedModel, outputNames, runInTurn } from './loaded-model.ts';

/** The artefact's file of known answers. */
export const KNOWN_ANSWERS_FILE = 'lepton-examples.json';
const FILE_BYTES_MAX = 16 * 2 ** 20;
const TOLERANCE_DEFAULT = 1e-3;

/**
 * Reads `lepton-examples.json` from a model's directory: an array of {inputs, outputs?, tolerance?}, tensors in the Open
 * Inference Protocol's JSON form. No such file: no answers. Throws MODEL_INVALID when it is there and cannot be read.
 */
export async function readKnownAnswers(directory: string): Promise<readonly KnownAnswer[]> {
  const file = join(directory, KNOWN_ANSWERS_FILE);
  const size = await stat(file).then((found) => found.size, () => null);
  if (size === null) return [];
  if (size > FILE_BYTES_MAX) throw new LeptonError('MODEL_INVALID', `${KNOWN_ANSWERS_FILE} has ${size} bytes, at most ${FILE_BYTES_MAX} are read`);
  try {
    const entries = parseExactJson(await readFile(file, 'utf8'));
    if (!Array.isArray(entries)) throw new Error('it is not an array');
    return entries.map(readAnswer);
  } catch (cause) {
    throw new LeptonError('MODEL_INVALID', `${KNOWN_ANSWERS_FILE} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function readAnswer(entry: { inputs?: unknown; outputs?: unknown; tolerance?: unknown } | null): KnownAnswer {
  if (!Array.isArray(entry?.inputs)) throw new Error('an entry has no list of inputs');
  const outputs = entry.outputs ?? [];
  if (!Array.isArray(outputs)) throw new Error('outputs is not a list');
  const tolerance = entry.tolerance ?? TOLERANCE_DEFAULT;
  if (typeof tolerance !== 'number' || !(tolerance >= 0)) throw new Error(`tolerance ${String(tolerance)} is not a number ≥ 0`);
  return { inputs: entry.inputs.map(tensorFromJson), outputs: outputs.map(tensorFromJson), tolerance };
}

/** Runs every known answer. Returns what was wrong with the first that the model does not give, or null. */
export async function checkKnownAnswers(model: LoadedModel, answers: readonly KnownAnswer[]): Promise<string | null> {
  for (const [index, answer] of answers.entries()) {
    const wrong = await checkAnswer(model, answer);
    if (wrong) return `known answer ${index}: ${wrong}`;
  }
  return null;
}

async function checkAnswer(model: LoadedModel, answer: KnownAnswer): Promise<string | null> {
  const unknown = answer.outputs.find((output) => !outputNames(model).includes(output.name));
  if (unknown) return `the model has no output ${unknown.name}`;
  try {
    // An example without outputs only has to run.
    const names = answer.outputs.length ? answer.outputs.map((output) => output.name) : outputNames(model);
    const got = await runInTurn(model, answer.inputs, names);
    return firstWrong(answer, got);
  } catch (error) {
    return (error as Error).message;
  }
}

function firstWrong(answer: KnownAnswer, got: readonly Tensor[]): string | null {
  for (const [index, expected] of answer.outputs.entries()) {
    const difference = firstDifference(expected, got[index] as Tensor, answer.tolerance);
    if (difference) return `${describeDifference(difference)} (tolerance ${answer.tolerance})`;
  }
  return null;
}
