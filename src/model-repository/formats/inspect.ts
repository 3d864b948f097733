import { childEnvironment, programPath } from '../../config/index.ts';
import { isPythonFormat, leptonErrorFromJson } from '../../core/index.ts';
import type { Inspection } from '../types.ts';
import { memoryFor, runBounded } from './bounded-run.ts';
import { scanPickles } from './pickle-scan.ts';

export interface InspectOptions {
  readonly format?: string;
  readonly timeoutMs: number;
  /** Most memory of the process, in place of what the artefact's size allows. */
  readonly memoryBytesMax?: number;
  /** The program to run, for tests of what happens when it hangs or crashes. */
  readonly program?: string;
}

/**
 * Has a directory inspected by child processes, so that a file that crashes or hangs the runtime costs nothing but the child.
 * What Python would load is not loaded but scanned. Throws MODEL_INVALID with the reason.
 */
export async function inspectArtefact(directory: string, options: InspectOptions): Promise<Inspection> {
  const memoryBytesMax = options.memoryBytesMax ?? (await memoryFor(directory));
  const command = [process.execPath, options.program ?? programPath('inspect'), directory, ...(options.format === undefined ? [] : [options.format])];
  const answer = (await runBounded({ what: 'inspecting the model', command, env: childEnvironment(), timeoutMs: options.timeoutMs, memoryBytesMax })) as Answer;
  if (!answer.ok) throw leptonErrorFromJson(answer.error);
  const { inspection } = answer;
  if (!isPythonFormat(inspection.format)) return inspection;
  return { ...inspection, findings: await scanPickles(directory, inspection.format, { timeoutMs: options.timeoutMs, memoryBytesMax }) };
}

type Answer = { ok: true; inspection: Inspection } | { ok: false; error: { code?: unknown; error?: unknown } };
