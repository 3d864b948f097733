/** Why a plan is as it is: what each version lacks and why, and what one more of each scarce resource would bring. */
import { cannotBePlaced, shortNumber, shownAmount } from './describe.ts';
import { dominatedVersions } from './dominance.ts';
import type { Resource } from './formulation.ts';
import { allows } from './groups.ts';
import { requestValue, type SchedulerInput, type SchedulerNode, type SchedulerVersion } from './input.ts';
import type { SchedulePlan, VersionPlan } from './plan.ts';
import { serviceRate } from './queueing.ts';
import { schedule, type ScheduleOptions } from './schedule.ts';

export interface VersionReason {
  readonly version: string;
  readonly code: 'served' | 'no-demand' | 'dominated' | 'cannot-be-placed' | 'replicas-max' | 'not-worth-it' | 'less-valuable' | 'no-room';
  readonly text: string;
}

/** What more of a resource would bring: the plan with it, compared with the plan without. */
export interface ShadowPrice {
  readonly node: string;
  readonly resource: Resource;
  /** The smallest of 1, 2, 4, … units that changes the plan for the better. */
  readonly added: number;
  /** Gain of the objective. */
  readonly gain: number;
  /** More requests per second, by version. */
  readonly served: Readonly<Record<string, number>>;
  readonly text: string;
}

export function versionReasons(input: SchedulerInput, plan: SchedulePlan): readonly VersionReason[] {
  const versions = new Map(input.versions.map((version) => [version.id, version]));
  const made: MadePlan = { input, dominated: dominatedVersions(input), used: usage(versions, plan), rivals: rivalsOf(versions, plan, input) };
  return plan.versions.flatMap((one) => {
    const version = versions.get(one.id);
    return version ? [{ version: one.id, ...reasonOf(version, one, made) }] : [];
  });
}

/** What the reasons of all versions are found in. */
interface MadePlan {
  readonly input: SchedulerInput;
  readonly dominated: ReadonlyMap<string, string>;
  readonly used: Usage;
  /** Versions that serve, least worth for a core first. */
  readonly rivals: readonly { readonly id: string; readonly worth: number }[];
}

/** What requests bring that a core for a version serves. */
const worthOfCore = (version: SchedulerVersion, input: SchedulerInput): number => (requestValue(version) * serviceRate(version, input).usable) / version.profile.cpuSecondsPerRequest;

function rivalsOf(versions: ReadonlyMap<string, SchedulerVersion>, { assignments }: SchedulePlan, input: SchedulerInput): MadePlan['rivals'] {
  const serving = new Set(assignments.filter(({ served }) => served > 0).map(({ version }) => version));
  return [...serving].flatMap((id) => versions.get(id) ?? []).map((version) => ({ id: version.id, worth: worthOfCore(version, input) })).sort((a, b) => a.worth - b.worth);
}

interface Used {
  memory: number;
  storage: number;
  gpus: number;
}
/** By node. */
type Usage = ReadonlyMap<string, Readonly<Used>>;

function usage(versions: ReadonlyMap<string, SchedulerVersion>, { assignments }: SchedulePlan): Usage {
  const used = new Map<string, Used>();
  for (const { node, version, replicas, memoryBytes } of assignments) {
    const { memory, storage, gpus } = used.get(node) ?? { memory: 0, storage: 0, gpus: 0 };
    const profile = versions.get(version)?.profile;
    used.set(node, { memory: memory + memoryBytes, storage: storage + (profile?.storageBytes ?? 0), gpus: gpus + replicas * (profile?.gpus ?? 0) });
  }
  return used;
}

/** What a first replica lacks on the node where it lacks least; null: it would fit. */
function missingRoom({ profile, placement }: SchedulerVersion, { nodes }: SchedulerInput, used: Usage): string | null {
  const lacks = nodes.filter((node) => allows(node, { placement })).map((node) => {
    const { memory, storage, gpus } = used.get(node.name) ?? { memory: 0, storage: 0, gpus: 0 };
    const rows = [['memory', profile.memoryBytes, node.memoryBytes - memory], ['storage', profile.storageBytes, node.storageBytes - storage], ['gpus', profile.gpus, node.gpus - gpus]] as const;
    const scarce = rows.filter(([, needed, free]) => needed > free * (1 + 1e-9));
    return { node, scarce, worst: Math.max(0, ...scarce.map(([, needed, free]) => needed / Math.max(1e-9, free))) };
  });
  const nearest = lacks.sort((a, b) => a.worst - b.worst)[0];
  if (!nearest || nearest.scarce.length === 0) return null;
  const words = nearest.scarce.map(([resource, needed, free]) => `${shownAmount(resource, needed)}${resource === 'gpus' ? '' : ` of ${resource}`} where ${shownAmount(resource, Math.max(0, free))} ${resource === 'gpus' && free === 1 ? 'is' : 'are'} left`);
  return `a replica needs ${words.join(' and ')} on ${nearest.node.name}, beside what is worth more`;
}

function reasonOf(version: SchedulerVersion, one: VersionPlan, { input, dominated, used, rivals }: MadePlan): Omit<VersionReason, 'version'> {
  const rate = serviceRate(version, input);
  const unreachable = rate.unreachable && version.latency ? `; its latency objective of ${shortNumber(version.latency.seconds * 1000)} ms can't be promised at any load, one request takes ${shortNumber(version.profile.cpuSecondsPerRequest * 1000)} ms` : '';
  const gets = `gets ${shortNumber(one.served)} of ${shortNumber(one.demand)} requests/s`;
  if (one.served >= one.demand * (1 - 1e-6) && one.demand > 0) return { code: 'served', text: `all of ${shortNumber(one.demand)} requests/s${unreachable}` };
  const better = dominated.get(one.id);
  if (one.demand === 0) return better ? { code: 'dominated', text: `no traffic: ${better} is at least as good and needs no more` } : { code: 'no-demand', text: 'nobody asks for it' };
  const impossible = cannotBePlaced(version, input);
  if (impossible) return { code: 'cannot-be-placed', text: impossible };
  if (one.replicas >= version.replicas.max && one.served >= version.replicas.max * rate.perReplica * (1 - 1e-6)) return { code: 'replicas-max', text: `${gets}: ${version.replicas.max} replica${version.replicas.max === 1 ? '' : 's'}, its most, serve no more${unreachable}` };
  const perCore = worthOfCore(version, input);
  if (perCore <= input.prices.cpu) return { code: 'not-worth-it', text: `${gets}: a core for it is worth ${shortNumber(perCore)} and costs ${shortNumber(input.prices.cpu)}` };
  const missing = one.replicas === 0 ? missingRoom(version, input, used) : null;
  if (missing) return { code: 'no-room', text: `${gets}: ${missing}${unreachable}` };
  const rival = rivals.find(({ id, worth }) => id !== version.id && worth >= perCore);
  if (rival) return { code: 'less-valuable', text: `${gets}: a core for it is worth ${shortNumber(perCore)}, for ${rival.id} ${shortNumber(rival.worth)}${unreachable}` };
  return { code: 'no-room', text: `${gets}: no more fits beside what has its minimum or is worth more as a whole${unreachable}` };
}

const UNITS: Readonly<Record<Resource, number>> = { cpu: 1, memory: 2 ** 30, storage: 2 ** 30, network: 1e6, gpus: 1 };
const FIELDS: Readonly<Record<Resource, keyof SchedulerNode>> = { cpu: 'cpus', memory: 'memoryBytes', storage: 'storageBytes', network: 'networkBytesPerSecond', gpus: 'gpus' };
const DOUBLINGS_MAX = 6;

/**
 * Prices by solving again with more, node by node: with whole replicas a dual says little. As many as fit in `deadlineMs`; a
 * resource whose price isn't there has none, or there was no time.
 */
export function shadowPrices(input: SchedulerInput, plan: SchedulePlan, options: ScheduleOptions): readonly ShadowPrice[] {
  const startedAt = options.clock.monotonic();
  const prices: ShadowPrice[] = [];
  for (const node of input.nodes) {
    for (const resource of ['cpu', 'memory', 'gpus', 'storage', 'network'] as const) {
      if (!Number.isFinite(node[FIELDS[resource]] as number) || !input.versions.some((version) => needs(version, resource))) continue;
      for (let doubling = 0; doubling < DOUBLINGS_MAX; doubling++) {
        const remaining = options.deadlineMs - (options.clock.monotonic() - startedAt);
        if (remaining <= 0) return prices;
        const price = priceOf(input, plan, node, resource, 2 ** doubling, { ...options, deadlineMs: remaining });
        if (!price) continue;
        prices.push(price);
        break;
      }
    }
  }
  return prices;
}

function needs({ profile }: SchedulerVersion, resource: Resource): boolean {
  if (resource === 'cpu') return true;
  return { memory: profile.memoryBytes, gpus: profile.gpus, storage: profile.storageBytes, network: profile.networkBytesPerRequest }[resource] > 0;
}

function priceOf(input: SchedulerInput, plan: SchedulePlan, node: SchedulerNode, resource: Resource, units: number, options: ScheduleOptions): ShadowPrice | null {
  const added = units * UNITS[resource];
  const more = schedule({ ...input, nodes: input.nodes.map((one) => (one === node ? { ...one, [FIELDS[resource]]: (one[FIELDS[resource]] as number) + added } : one)) }, options);
  const gain = more.objective - plan.objective;
  if (gain <= 1e-6 * Math.max(1, Math.abs(plan.objective))) return null;
  const before = new Map(plan.versions.map(({ id, served }) => [id, served]));
  const served = Object.fromEntries(more.versions.map(({ id, served: after }) => [id, after - (before.get(id) ?? 0)] as const).filter(([, change]) => Math.abs(change) > 1e-6));
  const changes = Object.entries(served).sort(([, a], [, b]) => b - a).map(([id, change]) => `${shortNumber(Math.abs(change))} ${change > 0 ? 'more' : 'fewer'} requests/s of ${id}`);
  if (changes.length === 0) return null;
  return { node: node.name, resource, added, gain, served, text: `+${shownAmount(resource, added)}${resource === 'memory' || resource === 'storage' || resource === 'network' ? ` ${resource}` : ''} on ${node.name} would serve ${changes.slice(0, 3).join(' and ')}${changes.length > 3 ? ` and change ${changes.length - 3} others` : ''}` };
}
