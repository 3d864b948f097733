/**
 * The program that inspects an artefact: `inspect DIRECTORY [FORMAT]`. Prints one line of JSON, `{ok: true, inspection}` or
 * `{ok: false, error}`. It is a process of its own because the files are not trusted and native code reads them.
 */
import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { relative, sep } from 'node:path';
import { Worker } from 'node:worker_threads';
import { asLeptonError } from '../../core/index.ts';
import { checkClassLabels } from '../class-labels.ts';
import type { Inspection } from '../types.ts';
import { checkExamples } from './examples.ts';
import { recognise } from './recognise.ts';

/** Loading blocks this thread, so another one watches that the parent still lives. */
const WATCHDOG = `
const parent = process.ppid;
setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 500);
`;

async function inspect(directory: string, wanted: string | undefined): Promise<Inspection> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(directory, `${entry.parentPath}${sep}${entry.name}`).split(sep).join('/'));
  const found = recognise(paths.sort(), wanted);
  // What the other kind needs is not loaded.
  const inspection = found.kind === 'onnx' ? await (await import('./onnx-inspect.ts')).inspectOnnx(directory, found.entry) : await (await import('./python-inspect.ts')).inspectPython(directory, paths, wanted);
  await checkExamples(directory, inspection.signature);
  await checkClassLabels(directory, paths, inspection.signature);
  return inspection;
}

/** About a third of a busy core's share: a push is to end within its time limit all the same. */
const NICENESS = 5;

/** Those that serve come first: for the processor, and where memory runs out in spite of the limit. */
function standBack(): void {
  try {
    setPriority(NICENESS);
    writeFileSync('/proc/self/oom_score_adj', '1000');
  } catch {}
}

async function main(): Promise<void> {
  standBack();
  new Worker(WATCHDOG, { eval: true }).unref();
  const [directory = '', wanted] = process.argv.slice(2);
  const answer = await inspect(directory, wanted).then(
    (inspection) => ({ ok: true, inspection }),
    (error: unknown) => ({ ok: false, error: asLeptonError(error).toJSON() }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
}

await main();
