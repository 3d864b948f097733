import { LeptonError } from '../../core/index.ts';
import type { Database } from '../../database/index.ts';
import type { ServiceState } from '../state.ts';
import type { Explanation } from './explanation.ts';
import { HostNode } from './host-node.ts';
import { type PlanDetails, planDetails } from './plan-details.ts';
import { PlanStore, type PlanSummary } from './plan-store.ts';
import { type SchedulingDependencies, SchedulingLoop } from './scheduling-loop.ts';
import { SolverThread } from './solver-thread.ts';

export interface SchedulingSettings {
  /** File of the solver thread's program. */
  readonly program: string;
  readonly planIntervalMs: number;
  readonly holdMs: number;
  readonly plansMax: number;
}

export interface SchedulingParts extends Omit<SchedulingDependencies, 'solver' | 'store' | 'nodes' | 'intervalMs' | 'holdMs'> {
  readonly database: Database;
  readonly settings: SchedulingSettings;
  /** Processes of the platform, without workers. */
  readonly processes: () => readonly number[];
}

/** The solver takes tens of megabytes; a tenth of a second brings it back. */
const SOLVER_IDLE_MS = 60_000;
const SOLVER_START_MS = 5_000;

/** The scheduler as the engine holds it: its loop on this machine, and what people ask of it. */
export class Scheduling {
  readonly loop: SchedulingLoop;
  readonly #store: PlanStore;

  constructor({ database, settings, processes, ...parts }: SchedulingParts) {
    const { program, planIntervalMs, holdMs, plansMax } = settings;
    const host = new HostNode(parts.clock, processes);
    this.#store = new PlanStore(database, plansMax);
    this.loop = new SchedulingLoop({
      ...parts, holdMs,
      intervalMs: planIntervalMs,
      store: this.#store,
      nodes: (workerBytes) => [host.node(workerBytes)],
      solver: new SolverThread({ program, clock: parts.clock, idleMs: SOLVER_IDLE_MS, startMs: SOLVER_START_MS }),
    });
  }

  async nextPlan(): Promise<PlanDetails> {
    return planDetails(await this.loop.preview());
  }

  explain(service: ServiceState): Promise<Explanation> {
    return this.loop.explain(service);
  }

  plans(page: { readonly before?: number; readonly limit: number }): Promise<readonly PlanSummary[]> {
    return this.#store.list(page);
  }

  async plan(id: number): Promise<PlanDetails> {
    const found = await this.#store.get(id);
    if (found) return planDetails(found);
    throw new LeptonError('PLAN_NOT_FOUND', `there is no plan ${id}: it was never executed, or is not kept any more; list them with \`lepton-ai plan --list\``);
  }
}
