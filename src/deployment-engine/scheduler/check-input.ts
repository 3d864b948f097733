import { LeptonError } from '../../core/index.ts';
import type { SchedulerInput } from './input.ts';

/** Refuses what no program can be made of, with the field and its value. */
export function checkSchedulerInput({ nodes, versions, services, utilisationMax }: SchedulerInput): void {
  const names = (kind: string, list: readonly string[]): void => {
    const seen = new Set<string>();
    for (const name of list) if (seen.size === seen.add(name).size) refuse(`${kind} ${name}`, 'is there twice');
  };
  names('node', nodes.map(({ name }) => name));
  names('version', versions.map(({ id }) => id));
  names('service', services.map(({ name }) => name));
  number('utilisationMax', utilisationMax, 0.01, 1);
  for (const node of nodes) for (const field of ['cpus', 'memoryBytes', 'storageBytes', 'networkBytesPerSecond', 'gpus'] as const) number(`node ${node.name}: ${field}`, node[field], 0, Number.POSITIVE_INFINITY);
  for (const version of versions) {
    const at = `version ${version.id}`;
    number(`${at}: priority`, version.priority, 1e-9, 1e12);
    number(`${at}: quality`, version.quality, 1e-9, 1e12);
    number(`${at}: demand`, version.demand, 0, 1e12);
    number(`${at}: threads`, version.threads, 1e-6, 1e6);
    number(`${at}: cpusMin`, version.cpusMin, 0, 1e6);
    number(`${at}: servedMin`, version.servedMin, 0, 1);
    number(`${at}: replicas.min`, version.replicas.min, 0, version.replicas.max, true);
    number(`${at}: replicas.max`, version.replicas.max, 0, 1e6, true);
    number(`${at}: profile.cpuSecondsPerRequest`, version.profile.cpuSecondsPerRequest, 1e-9, 1e6);
    for (const field of ['serviceVariation', 'memoryBytes', 'storageBytes', 'networkBytesPerRequest', 'loadSeconds', 'gpus'] as const) number(`${at}: profile.${field}`, version.profile[field], 0, 1e18);
    if (version.latency) number(`${at}: latency.quantile`, version.latency.quantile, 0.01, 0.99999);
  }
  checkServices(services, new Set(versions.map(({ id }) => id)));
}

function checkServices(services: SchedulerInput['services'], ids: ReadonlySet<string>): void {
  for (const { name, demand, ranges } of services) {
    number(`service ${name}: demand`, demand, 0, 1e12);
    let [least, most] = [0, 0];
    for (const [id, { min, max }] of Object.entries(ranges)) {
      if (!ids.has(id)) refuse(`service ${name}: ranges`, `names ${id}, which is no version`);
      number(`service ${name}: ranges.${id}.max`, max, 0, 1);
      number(`service ${name}: ranges.${id}.min`, min, 0, max);
      least += min;
      most += max;
    }
    if (least > 1 + 1e-9 || most < 1 - 1e-9) refuse(`service ${name}: ranges`, `from ${least} to ${most} in all can't make 1; their minima must sum to at most 1 and their maxima to at least 1`);
  }
}

function number(field: string, value: number, min: number, max: number, whole = false): void {
  if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) refuse(field, `is ${value}, which must be ${whole ? 'a whole number ' : ''}from ${min} to ${max}`);
}

function refuse(field: string, fault: string): never {
  throw new LeptonError('INVALID_ARGUMENT', `${field} ${fault}`);
}
