/** Edits of a service's spec: pure functions from what is to what shall be. None changes its argument. */
import { type DeploymentSpec, type DeploymentState, LeptonError, type ServiceSpec, type TrafficPolicy } from '../../core/index.ts';
import type { DeploymentInput, ScheduleInput, TrafficInput } from '../types.ts';
import { deploymentSpec, readPriority, readReplicas, type Resolve } from './deployment-spec.ts';
import { refuse } from './fields.ts';
import { readScheduling } from './scheduling-spec.ts';
import { checkUnique, freeze } from './service-spec.ts';
import { allTo, rangesFit, trafficPolicy, weightOf } from './traffic-spec.ts';
import { withoutVersions, withVersion } from '../plan/weights.ts';

/** Adds a version, or gives one that is there new settings. Without a weight a new one is dark (the first gets everything). */
export function deployEdit(service: string, before: ServiceSpec | null, input: DeploymentInput, resolve: Resolve, weight?: number): ServiceSpec {
  const known = before?.deployments.find((deployment) => deployment.version === resolve(input.version).version);
  const added = deploymentSpec('deployment', input, resolve, known);
  if (known && known.digest !== added.digest) throw new LeptonError('PRECONDITION_FAILED', `version ${added.version} of service ${service} is ${known.repository}:${known.version} already; use update to put ${added.repository}:${added.version} in its place`);
  if (weight !== undefined && !(Number.isFinite(weight) && weight >= 0 && weight <= 100)) refuse('weight', weight, 'percent from 0 to 100');
  if (!before) return freeze({ name: service, deployments: [added], traffic: allTo(added.version) });
  const deployments = known ? before.deployments.map((deployment) => (deployment === known ? added : deployment)) : [...before.deployments, added];
  const traffic = weight === undefined ? before.traffic : trafficWithWeight(before, added.version, weight, deployments);
  return freeze({ name: before.name, deployments, traffic });
}

function trafficWithWeight(before: ServiceSpec, version: string, weight: number, deployments: readonly DeploymentSpec[]): TrafficPolicy {
  const { traffic } = before;
  if (traffic.kind === 'label') throw new LeptonError('PRECONDITION_FAILED', `traffic of service ${before.name} follows label ${traffic.label}, so a version can't be given a weight; set weights with traffic first, or deploy without a weight and move the label`);
  const weights = withVersion(traffic.kind === 'version' ? { [traffic.version]: 100 } : traffic.weights, version, weight);
  return trafficPolicy('traffic', { weights, sticky: traffic.kind === 'weights' ? traffic.sticky : null, default: traffic.defaultVersion }, deployments);
}

/** Puts a version in another's place, with its weight and settings unless the input sets them. */
export function updateEdit(before: ServiceSpec, input: DeploymentInput, resolve: Resolve, from?: string): ServiceSpec {
  const old = replaced(before, from);
  const fresh = deploymentSpec('deployment', input, resolve, old);
  const deployments = before.deployments.filter((deployment) => deployment === old || deployment.version !== fresh.version).map((deployment) => (deployment === old ? fresh : deployment));
  checkUnique(deployments);
  return freeze({ name: before.name, deployments, traffic: renamed(before.traffic, old.version, fresh) });
}

/** The version that an update replaces: the one named, the only one, or the one with all traffic. */
function replaced(spec: ServiceSpec, from: string | undefined): DeploymentSpec {
  if (from !== undefined) return deploymentOf(spec, from);
  const busy = spec.deployments.filter((deployment) => weightOf(spec.traffic, deployment.version) === 100 || (spec.traffic.kind === 'version' && spec.traffic.version === deployment.version));
  const only = spec.deployments.length === 1 ? spec.deployments[0] : busy[0];
  if (only) return only;
  throw new LeptonError('INVALID_ARGUMENT', `service ${spec.name} has versions ${names(spec)} with traffic on more than one; say which one to replace (from)`);
}

function renamed(traffic: TrafficPolicy, old: string, fresh: DeploymentSpec): TrafficPolicy {
  const swap = (version: string): string => (version === old ? fresh.version : version);
  const defaultVersion = traffic.defaultVersion === null ? null : swap(traffic.defaultVersion);
  if (traffic.kind === 'version') return { ...traffic, version: swap(traffic.version), defaultVersion };
  if (traffic.kind === 'label') return { ...traffic, repository: fresh.repository, defaultVersion };
  const weights = new Map<string, number>();
  // A version that was there beside the replaced one brings its own weight along.
  for (const [version, weight] of Object.entries(traffic.weights)) weights.set(swap(version), (weights.get(swap(version)) ?? 0) + weight);
  const ranges = traffic.ranges && Object.fromEntries(Object.entries(traffic.ranges).map(([version, range]) => [swap(version), range]));
  return { ...traffic, weights: Object.fromEntries(weights), defaultVersion, ...(ranges && { ranges }) };
}

/**
 * Removes one version; null when it was the last. With traffic it is refused unless `force`, which gives its part to the
 * others. `followed` is the version that the label leads to which traffic follows; null: none, or to nothing.
 */
export function undeployEdit(before: ServiceSpec, version: string, force: boolean, followed: string | null = null): ServiceSpec | null {
  const gone = deploymentOf(before, version);
  const deployments = before.deployments.filter((deployment) => deployment !== gone);
  if (!deployments.length) return null;
  const { traffic } = before;
  const busy = weightOf(traffic, version) > 0 || (traffic.kind === 'version' && traffic.version === version);
  if (busy && !force) throw new LeptonError('PRECONDITION_FAILED', `version ${version} of service ${before.name} has traffic (${weightOf(traffic, version) || 100} %); move it away first (traffic), or force it`);
  if (traffic.kind === 'label' && followed === version && !force) throw new LeptonError('PRECONDITION_FAILED', `traffic of service ${before.name} follows label ${traffic.label}, which points to ${version}; move the label first, or force it`);
  return freeze({ name: before.name, deployments, traffic: trafficWithout(traffic, version, deployments, followed) });
}

function trafficWithout(traffic: TrafficPolicy, version: string, deployments: readonly DeploymentSpec[], followed: string | null): TrafficPolicy {
  const defaultVersion = traffic.defaultVersion === version ? null : traffic.defaultVersion;
  const heir = defaultVersion ?? (deployments.find(({ state }) => state === 'loaded') ?? (deployments[0] as DeploymentSpec)).version;
  if (traffic.kind === 'version') return { ...traffic, version: traffic.version === version ? heir : traffic.version, defaultVersion };
  // A label that leads to what is gone can't be followed any more.
  if (traffic.kind === 'label') return followed === version ? { kind: 'version', version: heir, defaultVersion } : { ...traffic, defaultVersion };
  const weights = withoutVersions(traffic.weights, (name) => name === version);
  const { ranges: before, ...rest } = traffic;
  const ranges = before && Object.fromEntries(Object.entries(before).filter(([name]) => name !== version));
  return { ...rest, weights: Object.keys(weights).length ? weights : { [heir]: 100 }, defaultVersion, ...(ranges && rangesFit(ranges) && Object.hasOwn(ranges, heir) && { ranges }) };
}

/** Another policy. From weights to weights, `sticky` and `default` stay what they are unless the input has them; null: none. */
export function trafficEdit(before: ServiceSpec, input: TrafficInput): ServiceSpec {
  const traffic = trafficPolicy('traffic', input, before.deployments);
  if (traffic.kind !== 'weights' || before.traffic.kind !== 'weights') return freeze({ ...before, traffic });
  const { sticky, defaultVersion } = before.traffic;
  return freeze({ ...before, traffic: { ...traffic, ...(input.sticky === undefined ? { sticky } : {}), ...(input.default === undefined ? { defaultVersion } : {}) } });
}

/** Priority, replicas and objectives of one version. */
export function scheduleEdit(before: ServiceSpec, version: string, change: ScheduleInput): ServiceSpec {
  const old = deploymentOf(before, version);
  const { quality: _q, latency: _l, servedMin: _s, placement: _p, apartFrom: _a, ...rest } = old;
  const fresh = { ...rest, ...readScheduling('', change, old), priority: readPriority('priority', change.priority, old.priority), replicas: readReplicas('replicas', change.replicas, old.replicas) };
  return freeze({ ...before, deployments: before.deployments.map((deployment) => (deployment === old ? fresh : deployment)) });
}

/** Another state for some versions, or with null for all. */
export function stateEdit(before: ServiceSpec, versions: readonly string[] | null, state: DeploymentState): ServiceSpec {
  const meant = new Set(versions?.map((version) => deploymentOf(before, version)) ?? before.deployments);
  return freeze({ ...before, deployments: before.deployments.map((deployment) => (meant.has(deployment) ? { ...deployment, state } : deployment)) });
}

function deploymentOf(spec: ServiceSpec, version: string): DeploymentSpec {
  const found = spec.deployments.find((deployment) => deployment.version === version);
  if (found) return found;
  throw new LeptonError('VERSION_NOT_FOUND', `service ${spec.name} has no version ${JSON.stringify(version)}; it has ${names(spec)}`);
}

const names = (spec: ServiceSpec): string => spec.deployments.map((deployment) => deployment.version).join(', ');
