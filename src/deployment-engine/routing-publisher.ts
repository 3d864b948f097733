import { canonicalJson, type LogSettings, type RoutingTable, type ServiceRoute } from '../core/index.ts';
import type { EngineStore } from './store.ts';
import type { Replica } from './state.ts';

export interface PublisherDependencies {
  readonly store: EngineStore;
  /** What gateways should know now. */
  readonly routes: () => readonly ServiceRoute[];
  readonly replicas: () => Iterable<Replica>;
  /** What gateways log; null: what they were started with. */
  readonly logging: () => LogSettings | null;
  /** Whether the models of this start are still being brought up. */
  readonly starting: () => boolean;
  readonly push: (table: RoutingTable) => void;
}

/** Generations taken from the store at once: a crash of control skips the rest, which does no harm. */
const GENERATIONS_RESERVED = 1_000;

/**
 * Builds the routing table and hands it out when it differs from the last. Generations grow over restarts, so that an
 * acknowledgement of an older table is never taken for one of this.
 */
export class RoutingPublisher {
  readonly #dependencies: PublisherDependencies;
  #content = '';
  #next = 0;
  #reservedEnd = 0;
  #reserving: Promise<void> | null = null;
  table: RoutingTable | null = null;

  constructor(dependencies: PublisherDependencies) {
    this.#dependencies = dependencies;
  }

  /** Must have resolved before the first `publish`. */
  async start(): Promise<void> {
    await this.#reserve();
  }

  /** Hands out a new table if anything changed. */
  publish(): void {
    const services = this.#dependencies.routes();
    const logging = this.#dependencies.logging();
    const starting = this.#dependencies.starting();
    const content = canonicalJson({ services, logging, starting });
    if (content !== this.#content) {
      this.#content = content;
      this.table = { generation: this.#takeGeneration(), services, ...(logging && { logging }), ...(starting && { starting }) };
      this.#dependencies.push(this.table);
    }
    this.#noteDepartures();
  }

  /** Since which table a replica gets no requests: it drains, or its version was asked to rest. */
  #noteDepartures(): void {
    if (!this.table) return;
    const routed = new Set(this.table.services.flatMap(({ versions }) => versions.flatMap(({ replicas }) => replicas.map(({ id }) => id))));
    for (const replica of this.#dependencies.replicas()) {
      if (routed.has(replica.id)) replica.leftGeneration = null;
      else if (replica.state.phase === 'draining' || replica.state.phase === 'ready') replica.leftGeneration ??= this.table.generation;
    }
  }

  #takeGeneration(): number {
    const generation = this.#next++;
    if (this.#next + GENERATIONS_RESERVED / 2 > this.#reservedEnd) void this.#reserve().catch(() => undefined);
    return generation;
  }

  /** Keeps half a block ahead, so that taking one never waits; a store that fails for long only costs the order over restarts. */
  #reserve(): Promise<void> {
    this.#reserving ??= this.#dependencies.store
      .reserve('routing-generation', GENERATIONS_RESERVED)
      .then((first) => {
        if (this.#reservedEnd === 0) this.#next = first;
        this.#reservedEnd = first + GENERATIONS_RESERVED;
      })
      .finally(() => {
        this.#reserving = null;
      });
    return this.#reserving;
  }
}
