import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type KnownAnswer, LeptonError, type LoadProfile, type ModelFormat, type PythonFormat, type ReplicaReason } from '../core/index.ts';
import type { WorkerConfig } from '../wire/index.ts';
import { checkKnownAnswers, readKnownAnswers } from './known-answers.ts';
import type { LoadedModel, ModelOpener, TensorSet } from './loaded-model.ts';
import { measure } from './measure.ts';
import { smokeRun } from './smoke-run.ts';
import { rotate } from './synthesise.ts';

export type LoadOutcome =
  | { readonly ok: true; readonly model: LoadedModel; readonly profile: LoadProfile }
  /** `detail`: what the runtime said, word for word; empty when the message is all there is. */
  | { readonly ok: false; readonly reason: ReplicaReason; readonly message: string; readonly detail: string };

/** Runtimes are loaded when they are needed: the worker's socket is there first. Other formats have a worker of their own. */
const OPENERS: Readonly<Record<Exclude<ModelFormat, PythonFormat>, () => Promise<ModelOpener>>> = {
  onnx: async () => (await import('./onnx/onnx-model.ts')).openOnnxModel,
};

/** Enough draws for two different rows even of a single bit. */
const MORE_SEEDS = [2, 3, 4, 5, 6, 7, 8, 9] as const;

class LoadFailure extends Error {
  readonly reason: ReplicaReason;
  constructor(reason: ReplicaReason, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

/**
 * Loads a version and finds out what it is good for: open → known answers, or a smoke run on made-up inputs → what `measure`
 * finds. Never rejects; what went wrong is the outcome.
 */
export async function loadVersion(config: WorkerConfig): Promise<LoadOutcome> {
  try {
    const answers = await openAnswers(config.modelDirectory);
    const [before, started] = [process.memoryUsage.rss(), performance.now()];
    const model = await openModel(config, config.resources.threads);
    const opened = { open: (threads: number) => openModel(config, threads), openMs: performance.now() - started, openBytes: Math.max(0, process.memoryUsage.rss() - before) };
    const { samples, ...checked } = await checkModel(model, answers);
    const measuring = performance.now();
    const measured = await measure(model, config, samples, opened);
    // performance.now() counts from the process's start, as "spawn to ready" asks.
    const ready = performance.now();
    return { ok: true, model, profile: { loadMs: Math.round(ready), measureMs: Math.round(ready - measuring), ...measured, ...checked, residentBytes: process.memoryUsage.rss() } };
  } catch (error) {
    const reason = error instanceof LoadFailure ? error.reason : 'LoadFailed';
    return { ok: false, reason, message: (error as Error).message, detail: detailOf(error as Error) };
  }
}

function detailOf({ cause }: Error): string {
  return cause instanceof Error ? cause.message.trim() : '';
}

async function openAnswers(directory: string): Promise<readonly KnownAnswer[]> {
  return readKnownAnswers(directory);
}

async function openModel(config: WorkerConfig, threads: number): Promise<LoadedModel> {
  const file = join(config.modelDirectory, config.entry);
  await access(file).catch(() => {
    throw new LoadFailure('ArtefactMissing', `${config.entry} is not in the artefact's directory`);
  });
  const open = config.format === 'onnx' ? OPENERS[config.format] : undefined;
  if (!open) throw new LeptonError('UNSUPPORTED', `this worker serves no ${String(config.format)} models`);
  return (await open())(file, config.signature, threads);
}

interface Checked extends Pick<LoadProfile, 'check' | 'checkMessage'> {
  /** Inputs that ran; empty if none did. */
  readonly samples: readonly TensorSet[];
}

async function checkModel(model: LoadedModel, answers: readonly KnownAnswer[]): Promise<Checked> {
  if (answers.length > 0) {
    const wrong = await checkKnownAnswers(model, answers);
    if (wrong) throw new LoadFailure('KnownAnswerFailed', wrong);
    return { check: 'known-answer', checkMessage: `${answers.length} known answers given`, samples: knownSamples(answers) };
  }
  const run = await smokeRun(model);
  if (run.outcome === 'failed') throw new LoadFailure('SmokeRunFailed', run.error.message, run.error.cause);
  if (run.outcome === 'inconclusive') return { check: 'inconclusive', checkMessage: run.message, samples: [] };
  const shapes = run.inputs.map((tensor) => `${tensor.name}[${tensor.shape.join(',')}]`).join(' ');
  return { check: 'smoke', checkMessage: `made-up inputs ran: ${shapes}`, samples: [run.inputs, ...MORE_SEEDS.map(run.another)] };
}

/** With too few different examples, their values shifted by a place stand in: their domain is the examples' own. */
function knownSamples(answers: readonly KnownAnswer[]): TensorSet[] {
  const inputs = answers.map((answer) => answer.inputs);
  const first = inputs[0] as TensorSet;
  return [...inputs, rotate(first, 1), rotate(first, 2)];
}
