import type { Clock, DeploymentSpec, ModelFormat } from '../../core/index.ts';
import { mayWake, rests, type ServiceView, shapeOf } from '../plan/index.ts';
import type { Replica, ServiceState } from '../state.ts';
import { admissions, type MemoryState, nameOf, size, type StartRequest } from './admissions.ts';
import type { Resident } from './evictions.ts';

export interface BudgetDependencies {
  readonly services: ReadonlyMap<string, ServiceState>;
  /** Every replica that is not over. */
  readonly replicas: () => readonly Replica[];
  /** undefined: the version is not known yet. */
  readonly facts: (digest: string) => { readonly format: ModelFormat; readonly storageBytes: number } | undefined;
  /** The most that a replica was measured to have, with as many threads; 0: not known. */
  readonly measuredBytes: (digest: string, threads: number) => number;
  readonly budgetBytes: number;
  /** Requests wait for a version or run on it. */
  readonly inUse: (service: string, version: string) => boolean;
  /** Puts a version to sleep. */
  readonly evict: (service: string, version: string, why: string) => void;
  /** A service has to be looked at again. */
  readonly wake: (service: string) => void;
  readonly clock: Clock;
}

/** What a worker has before it has loaded anything, until it was measured. */
const RUNTIME_BYTES = { node: 128 * 2 ** 20, python: 320 * 2 ** 20 } as const;
/** Weights as the runtime holds them, and what running needs, beside the files. */
const FILE_FACTOR = 2;

/** What a version's need is found by. */
type Needing = Pick<DeploymentSpec, 'digest'> & { readonly resources: Pick<DeploymentSpec['resources'], 'threads' | 'memoryBytes'> };

/** Bytes of all workers together: nothing is started that does not fit, and what is idle leaves for what is asked. */
export class MemoryBudget {
  readonly #dependencies: BudgetDependencies;
  #line: readonly StartRequest[] = [];

  constructor(dependencies: BudgetDependencies) {
    this.#dependencies = dependencies;
  }

  get budgetBytes(): number {
    return this.#dependencies.budgetBytes;
  }

  /** What replicas that are there are reckoned with. */
  get heldBytes(): number {
    return this.#dependencies.replicas().reduce((sum, replica) => sum + this.#bytesOf(replica), 0);
  }

  /** Versions whose start waits for memory. */
  get waiting(): readonly StartRequest[] {
    return this.#line;
  }

  /**
   * Which of the starts that a service wants may be made now. The others wait in line, with the reason in `service.held`;
   * `at`: when time alone may let them go on.
   */
  admit(service: ServiceState, starts: readonly DeploymentSpec[]): { readonly admitted: readonly DeploymentSpec[]; readonly at: number | null } {
    const { clock, evict, wake } = this.#dependencies;
    const now = clock.now();
    const wanted = starts.map((deployment) => ({ deployment, request: this.#request(service, deployment, now) }));
    this.#line = [...this.#line.filter((request) => request.service !== service.name), ...wanted.map(({ request }) => request)];
    const verdicts = admissions(this.#line, this.#state(), now);
    service.held.clear();
    const times: number[] = [];
    for (const [request, verdict] of verdicts) {
      if (request.service === service.name && verdict.kind !== 'start') service.held.set(request.version, { final: verdict.kind === 'never', message: verdict.message });
      else if (request.service !== service.name && verdict.kind === 'start') wake(request.service);
      if (verdict.kind !== 'wait') continue;
      if (verdict.at !== null) times.push(verdict.at);
      for (const victim of verdict.evict) evict(victim.service, victim.version, `${nameOf(request)} needs ${size(request.bytes)} of memory`);
    }
    const admitted = wanted.filter(({ request }) => verdicts.get(request)?.kind === 'start').map(({ deployment }) => deployment);
    this.#line = this.#line.filter((request) => request.service !== service.name || verdicts.get(request)?.kind === 'wait');
    return { admitted, at: times.length ? Math.min(...times) : null };
  }

  /** Memory has come back, or may be had: whoever waits looks again. */
  changed(): void {
    for (const service of new Set(this.#line.map((request) => request.service))) this.#dependencies.wake(service);
  }

  #request(service: ServiceState, deployment: DeploymentSpec, now: number): StartRequest {
    const { version, priority } = deployment;
    const before = this.#line.find((request) => request.service === service.name && request.version === version);
    return { service: service.name, version, priority, bytes: this.#need(service, shapeOf(deployment), deployment), since: before?.since ?? now };
  }

  /** What a replica takes: as measured; before that as declared, or as guessed from its files. */
  #need(service: ServiceState, shape: string, { digest, resources }: Needing): number {
    const measured = Math.max(service.profiles.get(shape)?.residentBytes ?? 0, this.#dependencies.measuredBytes(digest, resources.threads));
    if (measured > 0) return measured;
    if (resources.memoryBytes !== null) return resources.memoryBytes;
    const facts = this.#dependencies.facts(digest);
    return RUNTIME_BYTES[facts && facts.format !== 'onnx' ? 'python' : 'node'] + FILE_FACTOR * (facts?.storageBytes ?? 0);
  }

  #bytesOf(replica: Replica): number {
    const service = this.#dependencies.services.get(replica.service);
    const measured = Math.max(replica.profile?.residentBytes ?? 0, replica.usage?.residentBytes ?? 0);
    const deployment = service && deploymentsOf(service).find((one) => shapeOf(one) === replica.shape);
    return service ? Math.max(measured, this.#need(service, replica.shape, deployment ?? { digest: replica.digest, resources: { threads: replica.threads, memoryBytes: null } })) : measured;
  }

  #state(): MemoryState {
    const groups = Map.groupBy(this.#dependencies.replicas(), (replica) => `${replica.service} ${replica.shape}`);
    let pinnedBytes = this.#reservedBytes();
    let leavingBytes = 0;
    const residents: Resident[] = [];
    for (const group of groups.values()) {
      const { service: name, version, shape } = group[0] as Replica;
      const service = this.#dependencies.services.get(name);
      const asleep = service?.residency.get(version)?.asleep ?? false;
      const leaving = group.filter(({ state, stopping }) => asleep || state.phase === 'draining' || stopping);
      const staying = group.filter((replica) => !leaving.includes(replica));
      leavingBytes += this.#sum(leaving);
      if (!staying.length) continue;
      const resident = service && this.#resident(service, shape, staying);
      if (resident) residents.push(resident);
      else pinnedBytes += this.#sum(staying);
    }
    return { budgetBytes: this.budgetBytes, pinnedBytes, leavingBytes, residents };
  }

  /** As something that may be evicted; undefined: it must stay. */
  #resident(service: ServiceState, shape: string, replicas: readonly Replica[]): Resident | undefined {
    const deployment = service.desired?.spec.deployments.find((one) => shapeOf(one) === shape);
    const residency = deployment && service.residency.get(deployment.version);
    if (!deployment || !residency || !mayWake(service, deployment) || !replicas.some(({ state }) => state.phase === 'ready')) return undefined;
    const { version, priority } = deployment;
    const readyAt = Math.min(...replicas.filter(({ state }) => state.phase === 'ready').map(({ since }) => since));
    const loadMs = service.profiles.get(shape)?.loadMs ?? 0;
    return { service: service.name, version, priority, bytes: this.#sum(replicas), loadMs, readyAt, usedAt: residency.usedAt, inUse: this.#dependencies.inUse(service.name, version) };
  }

  /** What served and is being started again keeps its place. */
  #reservedBytes(): number {
    let bytes = 0;
    for (const service of this.#dependencies.services.values()) {
      for (const deployment of service.serving?.spec.deployments ?? []) {
        const shape = shapeOf(deployment);
        if (deployment.replicas.min === 0 || rests(deployment.state) || !service.profiles.has(shape) || this.#line.some((request) => request.service === service.name && request.version === deployment.version)) continue;
        const there = this.#dependencies.replicas().filter((replica) => replica.service === service.name && replica.shape === shape && replica.state.phase !== 'draining').length;
        bytes += Math.max(0, deployment.replicas.min - there) * this.#need(service, shape, deployment);
      }
    }
    return bytes;
  }

  #sum(replicas: readonly Replica[]): number {
    return replicas.reduce((sum, replica) => sum + this.#bytesOf(replica), 0);
  }
}

const deploymentsOf = ({ desired, serving }: Pick<ServiceView, 'desired' | 'serving'>): readonly DeploymentSpec[] => [...(desired?.spec.deployments ?? []), ...(serving?.spec.deployments ?? [])];
