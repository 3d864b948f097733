import { Worker } from 'node:worker_threads';
import { type Clock, LeptonError } from '../../core/index.ts';
import { schedule, type SchedulePlan, type SchedulerInput, type ShadowPrice } from '../scheduler/index.ts';

/** A plan without the programs that were solved for it: its input makes them again. */
export type DecidedPlan = Omit<SchedulePlan, 'programs'>;

export interface SolverQuestion {
  readonly id: number;
  readonly input: SchedulerInput;
  readonly deadlineMs: number;
  /** Asks for this plan's shadow prices; absent: for the input's plan. */
  readonly plan?: DecidedPlan;
}
export interface SolverAnswer {
  readonly id: number;
  readonly plan: DecidedPlan | null;
  readonly prices: readonly ShadowPrice[] | null;
  readonly error: string | null;
}

export interface SolverThreadDependencies {
  /** File of `solver-main.ts`'s program. */
  readonly program: string;
  readonly clock: Clock;
  /** How long an idle thread is kept, with the solver's memory. */
  readonly idleMs: number;
  /** How much longer the first plan of a thread may take. */
  readonly startMs: number;
}

/** Beside the deadline, for messages. */
const GRACE_MS = 300;
const HEAP_MIB_MAX = 512;

/**
 * Solves plans in a thread of its own, started when first needed and ended when idle. A plan is always there within the
 * deadline: where the thread is late or dies, it is ended and the plan is greedy, and says why.
 */
export class SolverThread {
  readonly #dependencies: SolverThreadDependencies;
  readonly #waiting = new Map<number, (answer: SolverAnswer | Error) => void>();
  #worker: Worker | null = null;
  /** Has answered before: no time for its start is needed. */
  #warm = false;
  #idle: NodeJS.Timeout | null = null;
  #id = 0;

  constructor(dependencies: SolverThreadDependencies) {
    this.#dependencies = dependencies;
  }

  /** Rejects with INVALID_ARGUMENT for an input that makes no sense, never because of the solver. */
  async schedule(input: SchedulerInput, deadlineMs: number): Promise<DecidedPlan> {
    const answer = await this.#ask({ input, deadlineMs });
    if (!(answer instanceof Error) && answer.plan) return answer.plan;
    const { programs: _none, ...greedy } = schedule(input, { solver: null, clock: this.#dependencies.clock, deadlineMs });
    return { ...greedy, note: answer instanceof Error ? answer.message : `the solver failed: ${answer.error}` };
  }

  /** As many prices as there is time for; none without the solver. */
  async prices(input: SchedulerInput, plan: DecidedPlan, deadlineMs: number): Promise<readonly ShadowPrice[]> {
    const answer = await this.#ask({ input, plan, deadlineMs });
    return answer instanceof Error ? [] : (answer.prices ?? []);
  }

  /** Ends the thread; whoever waits gets a greedy plan. */
  close(): void {
    this.#end(new Error('the platform is stopping'));
  }

  #ask(question: Omit<SolverQuestion, 'id'>): Promise<SolverAnswer | Error> {
    const id = ++this.#id;
    return new Promise((resolve) => {
      const waitMs = question.deadlineMs + GRACE_MS + (this.#warm ? 0 : this.#dependencies.startMs);
      const late = setTimeout(() => this.#end(new Error(`the solver had no plan within ${question.deadlineMs} ms`)), waitMs);
      this.#waiting.set(id, (answer) => {
        clearTimeout(late);
        this.#waiting.delete(id);
        this.#rest();
        resolve(answer);
      });
      try {
        this.#started().postMessage({ id, ...question });
      } catch (error) {
        this.#end(error as Error);
      }
    });
  }

  #started(): Worker {
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = null;
    if (this.#worker) return this.#worker;
    const worker = new Worker(this.#dependencies.program, { name: 'solver', execArgv: [], env: {}, resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX } });
    this.#worker = worker;
    this.#warm = false;
    worker.unref();
    worker.on('message', (answer: SolverAnswer) => {
      this.#warm = true;
      this.#waiting.get(answer.id)?.(answer);
    });
    worker.on('error', (error) => this.#ended(worker, new LeptonError('INTERNAL', `the solver's thread died: ${error instanceof Error ? error.message : String(error)}`)));
    worker.on('exit', (code) => this.#ended(worker, new LeptonError('INTERNAL', `the solver's thread ended with ${code}`)));
    return worker;
  }

  /** Nobody asks any more: after a while its memory goes back. */
  #rest(): void {
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = this.#waiting.size > 0 ? null : setTimeout(() => this.#end(new Error('idle')), this.#dependencies.idleMs).unref();
  }

  #ended(worker: Worker, reason: Error): void {
    if (this.#worker === worker) this.#end(reason);
  }

  #end(reason: Error): void {
    const worker = this.#worker;
    this.#worker = null;
    this.#warm = false;
    if (this.#idle) clearTimeout(this.#idle);
    this.#idle = null;
    void worker?.terminate().catch(() => undefined);
    for (const settle of [...this.#waiting.values()]) settle(reason);
  }
}
