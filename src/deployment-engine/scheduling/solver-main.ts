/** The program of the solver's thread: HiGHS holds its thread while it solves, so it gets one of its own, behind everything else. */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { systemClock } from '../../core/index.ts';
import { schedule, shadowPrices } from '../scheduler/index.ts';
import { loadHighsSolver } from '../solvers/index.ts';
import type { SolverAnswer, SolverQuestion } from './solver-thread.ts';

const NICE = 10;

try {
  // On Linux 0 means this thread.
  setPriority(0, NICE);
} catch {
  // It may not: then it runs as control does.
}
const solver = await loadHighsSolver();
parentPort?.on('message', (question: SolverQuestion) => {
  parentPort?.postMessage({ id: question.id, ...answer(question) } satisfies SolverAnswer);
});

function answer({ input, deadlineMs, plan: priced }: SolverQuestion): Omit<SolverAnswer, 'id'> {
  const options = { solver, clock: systemClock, deadlineMs };
  try {
    if (priced) return { plan: null, prices: shadowPrices(input, { ...priced, programs: [] }, options), error: null };
    const { programs: _solved, ...plan } = schedule(input, options);
    return { plan, prices: null, error: null };
  } catch (error) {
    return { plan: null, prices: null, error: error instanceof Error ? error.message : String(error) };
  }
}
