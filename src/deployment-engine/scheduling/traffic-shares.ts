import type { TrafficRanges } from '../../core/index.ts';
import type { SchedulerInput, SchedulerService } from '../scheduler/index.ts';
import type { ServiceState } from '../state.ts';
import type { Situation } from './situation.ts';
import type { DecidedPlan } from './solver-thread.ts';

/** Percent; a change of less moves no traffic. */
const CHANGE_MIN = 2;

const rangesOf = ({ serving, desired }: Pick<ServiceState, 'serving' | 'desired'>): TrafficRanges | undefined => {
  const traffic = (serving ?? desired)?.spec.traffic;
  return traffic?.kind === 'weights' ? traffic.ranges : undefined;
};

/** Takes the traffic of services whose policy gives ranges out of their versions' own demand: the program splits it. */
export function withChoices(input: SchedulerInput, services: Iterable<ServiceState>, situations: readonly Situation[]): SchedulerInput {
  const planned = new Map(situations.filter(({ bounds }) => bounds.max > 0).map(({ id, demand }) => [id, demand.planned]));
  const choices = [...services].flatMap((service): SchedulerService[] => {
    const ranges = Object.entries(rangesOf(service) ?? {}).map(([version, { min, max }]) => [`${service.name}:${version}`, { min: min / 100, max: max / 100 }] as const).filter(([id]) => planned.has(id));
    const sum = (field: 'min' | 'max'): number => ranges.reduce((all, [, range]) => all + range[field], 0);
    if (ranges.length < 2 || sum('min') > 1 || sum('max') < 1) return [];
    return [{ name: service.name, demand: ranges.reduce((all, [id]) => all + (planned.get(id) ?? 0), 0), ranges: Object.fromEntries(ranges) }];
  });
  const chosen = new Set(choices.flatMap(({ ranges }) => Object.keys(ranges)));
  return { ...input, services: choices, versions: input.versions.map((version) => (chosen.has(version.id) ? { ...version, demand: 0 } : version)) };
}

/** Percent by version that the plan gives each such service; those of services without demand, or but for a trifle as they are, stay out. */
export function sharesOf(input: SchedulerInput, plan: DecidedPlan, services: ReadonlyMap<string, ServiceState>): ReadonlyMap<string, Readonly<Record<string, number>>> {
  const planned = new Map(plan.versions.map(({ id, demand }) => [id, demand]));
  return new Map(input.services.flatMap(({ name, ranges }) => {
    const ids = Object.keys(ranges);
    const total = ids.reduce((sum, id) => sum + (planned.get(id) ?? 0), 0);
    if (total <= 0) return [];
    const shares = Object.fromEntries(ids.map((id) => [id.slice(name.length + 1), (100 * (planned.get(id) ?? 0)) / total]));
    const before = services.get(name)?.shares;
    const moved = !before || Object.entries(shares).some(([version, share]) => Math.abs(share - (before[version] ?? 0)) >= CHANGE_MIN);
    return moved ? [[name, shares] as const] : [];
  }));
}
