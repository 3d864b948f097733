import { availableParallelism } from 'node:os';
import type { WorkerHandle } from '../targets/index.ts';

/** Beside 100 of a worker that serves: what a load gets of cores that others need too. Where nobody needs them it has them all. */
const LOADING_CPU_WEIGHT = 10;
/** Of a load that requests wait for. */
const AWAITED_CPU_WEIGHT = 50;
const SERVING_CPU_WEIGHT = 100;
/** A load that takes longer stands aside no more, and holds no other up: it may hang, or never get a core beside busy neighbours. */
const TURN_MAX_MS = 10_000;

/** One load's turn. */
export interface LoadTurn {
  readonly cpuWeight: number;
  /** Its worker, once it is there, so that it can be given its full weight. */
  begin(handle: Pick<WorkerHandle, 'adjust'>): void;
  /** It is ready, or over. May be called again. */
  end(): void;
}

/**
 * Loads go one after the other, at half of the cores at most, and behind what serves. One that requests wait for waits for no
 * other but of its kind.
 */
export class LoadTurns {
  readonly #most: { readonly usual: number; readonly awaited: number };
  readonly #running = { usual: 0, awaited: 0 };
  readonly #waiting: { readonly usual: (() => void)[]; readonly awaited: (() => void)[] } = { usual: [], awaited: [] };
  readonly #turnMaxMs: number;

  constructor({ cores = availableParallelism(), turnMaxMs = TURN_MAX_MS }: { readonly cores?: number; readonly turnMaxMs?: number } = {}) {
    this.#most = { usual: Math.max(1, Math.floor(cores / 2)), awaited: Math.max(1, cores) };
    this.#turnMaxMs = turnMaxMs;
  }

  /** Whether the next one of this kind has to wait. */
  busy(awaited: boolean): boolean {
    const kind = kindOf(awaited);
    return this.#running[kind] >= this.#most[kind];
  }

  /** Resolves when a load may begin; whoever is let in must call `end`. */
  async enter(awaited: boolean): Promise<LoadTurn> {
    const kind = kindOf(awaited);
    // Whoever lets the next one in hands on its place.
    if (this.busy(awaited)) await new Promise<void>((resolve) => this.#waiting[kind].push(resolve));
    else this.#running[kind]++;
    return this.#turn(kind);
  }

  /** Of a load that somebody else let in: it takes no place, but gets its full weight in the end. */
  resume(handle: Pick<WorkerHandle, 'adjust'>): LoadTurn {
    return { cpuWeight: LOADING_CPU_WEIGHT, begin: () => undefined, end: () => void handle.adjust({ cpuWeight: SERVING_CPU_WEIGHT }) };
  }

  #turn(kind: 'usual' | 'awaited'): LoadTurn {
    let handle: Pick<WorkerHandle, 'adjust'> | null = null;
    let over = false;
    const timer = setTimeout(() => turn.end(), this.#turnMaxMs);
    timer.unref();
    const turn: LoadTurn = {
      cpuWeight: kind === 'awaited' ? AWAITED_CPU_WEIGHT : LOADING_CPU_WEIGHT,
      begin: (worker) => {
        handle = worker;
        if (over) void worker.adjust({ cpuWeight: SERVING_CPU_WEIGHT });
      },
      end: () => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        void handle?.adjust({ cpuWeight: SERVING_CPU_WEIGHT });
        this.#next(kind);
      },
    };
    return turn;
  }

  #next(kind: 'usual' | 'awaited'): void {
    const next = this.#waiting[kind].shift();
    if (next) next();
    else this.#running[kind]--;
  }
}

const kindOf = (awaited: boolean) => (awaited ? 'awaited' : 'usual');
