import { checkName, type DeploymentSpec, LeptonError, parseReference, type StickyKey, type TrafficPolicy, type TrafficRanges } from '../../core/index.ts';
import { readObject, refuse } from './fields.ts';

const TRAFFIC_KEYS = ['weights', 'version', 'label', 'sticky', 'default', 'ranges'] as const;

/** Input → validated policy over these deployments. Throws INVALID_ARGUMENT, or VERSION_NOT_FOUND for a version that is not deployed. */
export function trafficPolicy(path: string, input: unknown, deployments: readonly DeploymentSpec[]): TrafficPolicy {
  const fields = readObject(path, input, TRAFFIC_KEYS);
  const kinds = (['weights', 'version', 'label'] as const).filter((kind) => fields[kind] !== undefined);
  if (kinds.length !== 1) refuse(path, input, `exactly one of weights, version and label (found ${kinds.join(' and ') || 'none'})`);
  if (fields.sticky !== undefined && fields.sticky !== null && kinds[0] !== 'weights') refuse(`${path}.sticky`, fields.sticky, 'it needs weights');
  if (fields.ranges !== undefined && fields.ranges !== null && kinds[0] !== 'weights') refuse(`${path}.ranges`, fields.ranges, 'it needs weights');
  const defaultVersion = fields.default === undefined || fields.default === null ? null : deployedVersion(`${path}.default`, fields.default, deployments);
  if (kinds[0] === 'version') return { kind: 'version', version: deployedVersion(`${path}.version`, fields.version, deployments), defaultVersion };
  if (kinds[0] === 'label') return { kind: 'label', ...labelOf(`${path}.label`, fields.label, deployments), defaultVersion };
  const weights = readWeights(`${path}.weights`, fields.weights, deployments);
  const ranges = fields.ranges === undefined || fields.ranges === null ? {} : { ranges: readRanges(`${path}.ranges`, fields.ranges, weights, deployments) };
  return { kind: 'weights', weights, sticky: readSticky(`${path}.sticky`, fields.sticky), defaultVersion, ...ranges };
}

/** The policy of a service that was given none: everything to one version. */
export function allTo(version: string): TrafficPolicy {
  return { kind: 'weights', weights: { [version]: 100 }, sticky: null, defaultVersion: null };
}

/** Whether a policy still makes sense over other deployments. */
export function policyFits(policy: TrafficPolicy, deployments: readonly DeploymentSpec[]): boolean {
  const deployed = new Set(deployments.map((deployment) => deployment.version));
  if (policy.defaultVersion !== null && !deployed.has(policy.defaultVersion)) return false;
  if (policy.kind === 'version') return deployed.has(policy.version);
  if (policy.kind === 'label') return deployments.some((deployment) => deployment.repository === policy.repository);
  return [policy.weights, policy.ranges ?? {}].flatMap(Object.keys).every((version) => deployed.has(version));
}

/** Percent that a policy's weights give to a version; 0 for other kinds and other versions. */
export function weightOf(policy: TrafficPolicy, version: string): number {
  return policy.kind === 'weights' && Object.hasOwn(policy.weights, version) ? (policy.weights[version] ?? 0) : 0;
}

function deployedVersion(path: string, value: unknown, deployments: readonly DeploymentSpec[]): string {
  if (typeof value !== 'string') refuse(path, value, 'the name of a version');
  if (deployments.some((deployment) => deployment.version === value)) return value;
  throw new LeptonError('VERSION_NOT_FOUND', `${path}: version ${JSON.stringify(value.slice(0, 128))} is not deployed in this service (deployed: ${deployments.map((deployment) => deployment.version).join(', ') || 'none'}); deploy it first`);
}

/** `stable`, or `repository:stable` where the service's versions come from several repositories. */
function labelOf(path: string, value: unknown, deployments: readonly DeploymentSpec[]): { repository: string; label: string } {
  if (typeof value !== 'string') refuse(path, value, 'the name of a label');
  const repositories = [...new Set(deployments.map((deployment) => deployment.repository))];
  if (value.includes(':')) {
    const { repository, version: label } = parseReference(value);
    if (!repositories.includes(repository)) refuse(path, value, `none of this service's versions comes from repository ${repository}`);
    return { repository, label };
  }
  const [repository] = repositories;
  if (repositories.length !== 1 || repository === undefined) refuse(path, value, `the service has versions of ${repositories.join(' and ')}; write repository:label`);
  return { repository, label: checkName('label', value) };
}

function readWeights(path: string, value: unknown, deployments: readonly DeploymentSpec[]): Readonly<Record<string, number>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(path, value, 'percent by version, for example {"v1": 90, "v2": 10}');
  const entries = Object.entries(value).map(([version, weight]) => [deployedVersion(path, version, deployments), readWeight(`${path}.${version}`, weight)] as const);
  const hundredths = entries.reduce((sum, [, weight]) => sum + Math.round(weight * 100), 0);
  if (hundredths !== 10_000) refuse(path, value, `weights must sum to 100, these sum to ${hundredths / 100}`);
  // 0 and absent mean the same; one form makes equal policies equal.
  return Object.fromEntries(entries.filter(([, weight]) => weight > 0));
}

/** Whether percents within the ranges can sum to 100. */
export function rangesFit(ranges: TrafficRanges): boolean {
  const sum = (field: 'min' | 'max'): number => Object.values(ranges).reduce((all, range) => all + range[field], 0);
  return sum('min') <= 100 + 1e-9 && sum('max') >= 100 - 1e-9;
}

/** Every version with a weight has a range that holds it; others begin at 0. */
function readRanges(path: string, value: unknown, weights: Readonly<Record<string, number>>, deployments: readonly DeploymentSpec[]): TrafficRanges {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(path, value, 'percents by version, for example {"v1": {"min": 50, "max": 100}, "v2": {"min": 0, "max": 50}}');
  const ranges = Object.fromEntries(Object.entries(value).map(([version, range]) => {
    const { min = 0, max = 100 } = readObject(`${path}.${version}`, range, ['min', 'max']);
    const [least, most] = [readWeight(`${path}.${version}.min`, min), readWeight(`${path}.${version}.max`, max)];
    if (least > most) refuse(`${path}.${version}`, range, 'min is above max');
    const weight = weights[version] ?? 0;
    if (weight < least || weight > most) refuse(`${path}.${version}`, range, `its weight of ${weight} must lie within`);
    return [deployedVersion(path, version, deployments), { min: least, max: most }] as const;
  }));
  const missing = Object.keys(weights).find((version) => !Object.hasOwn(ranges, version));
  if (missing !== undefined) refuse(path, value, `version ${missing} has a weight and needs a range too`);
  return rangesFit(ranges) ? ranges : refuse(path, value, 'percents within these ranges can’t sum to 100');
}

function readWeight(path: string, value: unknown): number {
  const usable = typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= 100 && Math.abs(value * 100 - Math.round(value * 100)) < 1e-6;
  return usable ? Math.round(value * 100) / 100 : refuse(path, value, 'percent from 0 to 100 with at most two decimals');
}

function readSticky(path: string, value: unknown): StickyKey | null {
  if (value === undefined || value === null) return null;
  const { header, parameter } = readObject(path, value, ['header', 'parameter']);
  if ((header === undefined) === (parameter === undefined)) refuse(path, value, 'exactly one of header and parameter');
  if (header !== undefined) {
    if (typeof header === 'string' && /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$/.test(header)) return { header: header.toLowerCase() };
    return refuse(`${path}.header`, header, 'the name of an HTTP header');
  }
  if (typeof parameter === 'string' && /^[\x21-\x7e]{1,128}$/.test(parameter)) return { parameter };
  return refuse(`${path}.parameter`, parameter, 'the name of a request parameter, 1 to 128 visible ASCII characters');
}
