import { DEFAULT_PRICES, type SchedulerInput, type SchedulerNode, type SchedulerVersion } from '../scheduler/index.ts';
import type { Situation } from './situation.ts';

/** Of the cores that a version without latency objective gets, the share that may be busy. */
const UTILISATION_MAX = 0.8;
/** A request of priority 0 is answered with what nobody else wants. */
const BACKGROUND_PRIORITY = 0.01;

/** The situation of all versions as the program's data. */
export function schedulerInput(situations: readonly Situation[], nodes: readonly SchedulerNode[]): SchedulerInput {
  return { nodes, versions: situations.map((situation) => schedulerVersion(situation, nodes)), services: [], prices: DEFAULT_PRICES, utilisationMax: UTILISATION_MAX };
}

function schedulerVersion({ id, service, wanted, bounds, replicas, demand, profile, quality, busyShare }: Situation, [node]: readonly SchedulerNode[]): SchedulerVersion {
  const { priority, resources, latency, servedMin = 0, placement = {}, apartFrom = [] } = wanted.target;
  const { basis: _basis, basisMessage: _words, ...measured } = profile;
  return {
    id,
    priority: Math.max(BACKGROUND_PRIORITY, priority),
    quality: quality.value,
    demand: demand.planned,
    profile: measured,
    replicas: bounds,
    threads: resources.threads * busyShare,
    cpusMin: 0,
    servedMin,
    latency: latency ? { seconds: latency.milliseconds / 1000, quantile: latency.quantile } : null,
    placement,
    apartFrom: apartFrom.map((other) => (other.includes(':') ? other : `${service}:${other}`)),
    current: node && replicas.length > 0 ? { [node.name]: replicas.length } : {},
  };
}
