import type { Clock, DeploymentSpec, EventSink } from '../../core/index.ts';
import type { VersionDemand } from '../../wire/index.ts';
import type { Log } from '../log.ts';
import { rests, type ServiceView, wantedVersions } from '../plan/index.ts';
import type { EstimatedProfile } from '../profiles/index.ts';
import { requestValue, type SchedulerInput, type SchedulerNode, Standby, versionReasons } from '../scheduler/index.ts';
import type { Replica, ServiceState } from '../state.ts';
import { Allocator, type Target } from './allocator.ts';
import { cpuWeights } from './cpu-weights.ts';
import { DemandMonitor, NO_DEMAND, type ObservedDemand } from './demand-monitor.ts';
import { type Explanation, explanation } from './explanation.ts';
import type { KeptPlan } from './kept-plan.ts';
import type { PlanStore } from './plan-store.ts';
import { qualities } from './quality.ts';
import { schedulerInput } from './scheduler-input.ts';
import { boundsOf, isWorthAPlan, type Situation, situationId, standingReplicas } from './situation.ts';
import type { DecidedPlan, SolverThread } from './solver-thread.ts';
import { sharesOf, withChoices } from './traffic-shares.ts';

export interface SchedulingDependencies {
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly view: (service: ServiceState) => ServiceView;
  /** Not over yet. */
  readonly replicas: () => readonly Replica[];
  readonly demands: () => readonly VersionDemand[];
  readonly profile: (deployment: DeploymentSpec) => EstimatedProfile;
  /** Of a run, in which the version keeps a core busy. */
  readonly busyShare: (deployment: DeploymentSpec) => number;
  /** Of a version's manifest; undefined: not known. */
  readonly metadata: (deployment: DeploymentSpec) => Readonly<Record<string, unknown>> | undefined;
  /** Where versions may run; `workerBytes`: what they have in RAM now. */
  readonly nodes: (workerBytes: number) => readonly SchedulerNode[];
  readonly wake: (service: string) => void;
  readonly solver: SolverThread;
  readonly store: PlanStore;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
  /** How long replicas stay that demand no longer needs. */
  readonly holdMs: number;
}

const DEADLINE_MS = 1_500;
/** People wait for it. */
const PRICES_MS = 2_000;
/** Least time between two plans, also where demand jumps. */
const PAUSE_MS = 400;
const CONTESTED_SHARE = 0.8;

/**
 * Decides who gets the machine, again and again, beside the engine's own loop:
 *
 *   gateways' counts ─▶ demand, forecast ─▶ program ─▶ solver's thread ─▶ allocations, CPU weights
 *        (twice a second)       (every few seconds, and at once at a step of demand)
 *
 * No request ever waits for it, and what it decided last holds while it is late, or gone.
 */
export class SchedulingLoop {
  readonly #dependencies: SchedulingDependencies;
  readonly #monitor: DemandMonitor;
  readonly #standby: Standby;
  readonly #allocator: Allocator;
  #timer: NodeJS.Timeout | null = null;
  #plannedAtMs = Number.NEGATIVE_INFINITY;
  #planning = false;
  #contested = false;
  #stopped = true;

  constructor(dependencies: SchedulingDependencies) {
    this.#dependencies = dependencies;
    const { services, replicas, wake, log, holdMs } = dependencies;
    this.#monitor = new DemandMonitor(holdMs);
    this.#standby = new Standby(holdMs / 1000);
    this.#allocator = new Allocator({ services, replicas, wake, log });
  }

  /** Whether the newest plan gives nearly all cores away, so that its shares must be kept to. */
  get contested(): boolean {
    return this.#contested;
  }

  /** What was adopted stays until a plan says otherwise. */
  start(): void {
    this.#stopped = false;
    this.#allocator.keep();
    this.#plannedAtMs = this.#dependencies.clock.monotonic();
    this.#timer = setInterval(() => void this.#maybePlan(), this.#dependencies.intervalMs);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#dependencies.solver.close();
  }

  /** Gateways have counted anew. */
  demandChanged(): void {
    if (this.#stopped) return;
    this.#monitor.observe(this.#dependencies.demands(), this.#dependencies.clock.monotonic());
    void this.#maybePlan();
  }

  /** A replica is ready or over: the next may load. */
  replicaChanged(): void {
    if (!this.#stopped) this.#allocator.advance();
  }

  /** The next plan, of which nothing is done. */
  async preview(): Promise<KeptPlan> {
    const { input, plan } = await this.#next();
    return { id: null, at: new Date(this.#dependencies.clock.now()).toISOString(), trigger: 'asked for', changes: [], input, plan };
  }

  /** Why a service's versions have what the next plan gives them, and what would give them more. */
  async explain({ name, allocations }: ServiceState): Promise<Explanation> {
    const { situations, input, plan } = await this.#next();
    const prices = plan.method === 'greedy' ? [] : await this.#dependencies.solver.prices(input, plan, PRICES_MS);
    return explanation({ service: name, situations, allocations, input, plan, prices });
  }

  async #next(): Promise<{ readonly situations: readonly Situation[]; readonly input: SchedulerInput; readonly plan: DecidedPlan }> {
    const now = this.#dependencies.clock.monotonic();
    const situations = this.#situations(this.#monitor.peek(now));
    const input = this.#input(situations);
    return { situations, ...(await this.#solve(input, this.#standby.peek(input, now / 1000))) };
  }

  async #maybePlan(): Promise<void> {
    const { clock, intervalMs, log } = this.#dependencies;
    const now = clock.monotonic();
    if (this.#stopped || this.#planning || now - this.#plannedAtMs < PAUSE_MS) return;
    const steps = this.#monitor.steps();
    const due = now - this.#plannedAtMs >= intervalMs;
    if (!due && steps.length === 0) return;
    this.#planning = true;
    this.#plannedAtMs = now;
    try {
      await this.#plan(steps.length > 0 ? `demand of ${steps.slice(0, 3).join(', ')}${steps.length > 3 ? ` and ${steps.length - 3} others` : ''} jumped` : 'every few seconds');
    } catch (error) {
      log.error({ err: error }, 'the scheduler made no plan; what it decided last holds');
    }
    this.#planning = false;
  }

  async #plan(trigger: string): Promise<void> {
    const { clock } = this.#dependencies;
    const situations = this.#situations(this.#monitor.take(clock.monotonic()));
    if (!isWorthAPlan(situations)) return void (this.#contested = false);
    const asked = this.#input(situations);
    const { input, plan } = await this.#solve(asked, this.#standby.with(asked, clock.monotonic() / 1000));
    if (this.#stopped) return;
    const targets = targetsOf(situations, input, plan);
    const changes = [...changesOf(this.#allocator.targets, targets, situations), ...this.#moveTraffic(input, plan)];
    this.#allocator.set(targets);
    this.#contested = givenAway(input, plan) > CONTESTED_SHARE;
    if (changes.length > 0) this.#keep({ at: new Date(clock.now()).toISOString(), trigger, changes, input, plan });
  }

  /** Gives services whose policy has ranges their new weights; says what moved. */
  #moveTraffic(input: SchedulerInput, plan: DecidedPlan): readonly string[] {
    const { services, wake } = this.#dependencies;
    return [...sharesOf(input, plan, services)].map(([name, shares]) => {
      const service = services.get(name);
      if (service) service.shares = shares;
      wake(name);
      return `traffic of ${name} to ${Object.entries(shares).map(([version, share]) => `${version} ${share.toFixed(0)} %`).join(', ')}`;
    });
  }

  /** With replicas for a surge; where that can't be had, without. */
  async #solve(input: SchedulerInput, standing: SchedulerInput): Promise<{ readonly input: SchedulerInput; readonly plan: DecidedPlan }> {
    const { solver } = this.#dependencies;
    const plan = await solver.schedule(standing, DEADLINE_MS);
    return plan.conflicts.length > 0 ? { input, plan: await solver.schedule(input, DEADLINE_MS) } : { input: standing, plan };
  }

  #keep(plan: Omit<KeptPlan, 'id'>): void {
    const { store, events, log } = this.#dependencies;
    void store.save(plan).then(
      (id) => events.record({ severity: 'info', reason: 'PlanExecuted', message: `plan ${id} (${plan.plan.method}, ${plan.trigger}): ${plan.changes.join('; ')}`, actor: 'scheduler' }),
      (error) => log.error({ err: error }, 'a plan could not be kept'),
    );
  }

  #situations(demands: ReadonlyMap<string, ObservedDemand>): readonly Situation[] {
    const { services, view, profile, busyShare, metadata } = this.#dependencies;
    const replicas = Map.groupBy(this.#dependencies.replicas(), ({ service }) => service);
    return [...services.values()].flatMap((service) => {
      const running = wantedVersions(view(service)).filter(({ state }) => state !== 'unloaded');
      const quality = qualities(running.map(({ target }) => target), metadata);
      return running.map((wanted): Situation => {
        const id = situationId(service.name, wanted.target);
        const own = standingReplicas(replicas.get(service.name) ?? [], wanted.target);
        const demand = rests(wanted.state) ? NO_DEMAND : (demands.get(id) ?? NO_DEMAND);
        return { id, service: service.name, wanted, bounds: boundsOf(service, wanted), replicas: own, demand, profile: profile(wanted.target), quality: quality.get(wanted.target.version) ?? { value: 1, basis: '' }, busyShare: busyShare(wanted.target) };
      });
    });
  }

  #input(situations: readonly Situation[]): SchedulerInput {
    const workerBytes = situations.reduce((sum, { replicas }) => sum + replicas.reduce((total, { usage }) => total + (usage?.residentBytes ?? 0), 0), 0);
    return withChoices(schedulerInput(situations, this.#dependencies.nodes(workerBytes)), this.#dependencies.services.values(), situations);
  }
}

function targetsOf(situations: readonly Situation[], input: SchedulerInput, plan: DecidedPlan): readonly Target[] {
  const planned = new Map(plan.versions.map((version) => [version.id, version]));
  const versions = new Map(input.versions.map((version) => [version.id, version]));
  const reasons = new Map(versionReasons(input, { ...plan, programs: [] }).map(({ version, text }) => [version, text]));
  const weights = cpuWeights(input, plan);
  return situations.filter(({ bounds }) => bounds.max > 0).map(({ id, service, wanted, bounds }) => {
    const { replicas = bounds.min, cpus = 0, demand = 0 } = planned.get(id) ?? {};
    const version = versions.get(id);
    return { service, version: wanted.target.version, replicas: Math.min(bounds.max, Math.max(bounds.min, replicas)), cpus, cpuWeight: weights.get(id) ?? 1, worth: version ? requestValue(version) * demand : 0, reason: reasons.get(id) ?? '' };
  });
}

/** Of all cores. */
const givenAway = ({ nodes }: SchedulerInput, { versions }: DecidedPlan): number => versions.reduce((sum, { cpus }) => sum + cpus, 0) / Math.max(1e-9, nodes.reduce((sum, { cpus }) => sum + cpus, 0));

const CPUS_CHANGE_MIN = 0.1;
const CPUS_CHANGE_SHARE = 0.25;

/** What is worth being told and kept: replicas, and shares of CPU that differ by more than a trifle. */
function changesOf(before: readonly Target[], after: readonly Target[], situations: readonly Situation[]): readonly string[] {
  const old = new Map(before.map((target) => [`${target.service}:${target.version}`, target]));
  const standing = new Map(situations.map(({ id, replicas }) => [id, replicas.length]));
  return after.flatMap(({ service, version, replicas, cpus }) => {
    const id = `${service}:${version}`;
    const was = old.get(id);
    const had = was?.replicas ?? standing.get(id) ?? 0;
    const moved = replicas === had ? [] : [`${id} from ${had} to ${replicas} replica${replicas === 1 ? '' : 's'}`];
    const difference = Math.abs(cpus - (was?.cpus ?? 0));
    const shifted = difference > Math.max(CPUS_CHANGE_MIN, CPUS_CHANGE_SHARE * Math.max(cpus, was?.cpus ?? 0)) ? [`${id} from ${(was?.cpus ?? 0).toFixed(2)} to ${cpus.toFixed(2)} cores`] : [];
    return [...moved, ...shifted];
  });
}
