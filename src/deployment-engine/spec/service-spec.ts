import { canonicalJson, checkName, type DeploymentSpec, LeptonError, type ServiceSpec } from '../../core/index.ts';
import type { SpecChange } from '../types.ts';
import { DEPLOYMENT_DEFAULTS, deploymentSpec, referenceOf, type Resolve } from './deployment-spec.ts';
import { readObject, refuse } from './fields.ts';
import { allTo, policyFits, trafficPolicy } from './traffic-spec.ts';

const DEPLOYMENTS_MAX = 256;
const SERVICE_KEYS = ['name', 'deployments', 'traffic'] as const;

/** Every `repository:version` that an input names, to be resolved before `serviceSpec`. Throws INVALID_ARGUMENT. */
export function referencesOf(input: unknown): readonly string[] {
  return deploymentInputs(input).map((deployment, index) => referenceOf(`deployments[${index}]`, deployment));
}

/**
 * Declarative input → defaults → validated, frozen spec. `current` is what the service is now, for what the input leaves
 * unsaid of the traffic and of which versions are loaded. Throws INVALID_ARGUMENT or VERSION_NOT_FOUND.
 */
export function serviceSpec(input: unknown, resolve: Resolve, current: ServiceSpec | null): ServiceSpec {
  const fields = readObject('service', input, SERVICE_KEYS);
  const name = checkName('service', fields.name);
  const deployments = deploymentInputs(input).map((deployment, index) => deploymentSpec(`deployments[${index}]`, deployment, resolve, defaultsOf(current, resolve(referenceOf(`deployments[${index}]`, deployment)).version)));
  checkUnique(deployments);
  const first = deployments[0];
  if (!first) refuse('deployments', fields.deployments, 'a service needs at least one; `undeploy` removes a service');
  const kept = current && policyFits(current.traffic, deployments) ? current.traffic : allTo(first.version);
  const traffic = fields.traffic === undefined ? kept : trafficPolicy('traffic', fields.traffic, deployments);
  return freeze({ name, deployments, traffic });
}

/** A version that was unloaded stays so until it is loaded, or a declaration says that it is. */
function defaultsOf(current: ServiceSpec | null, version: string): typeof DEPLOYMENT_DEFAULTS {
  const state = current?.deployments.find((deployment) => deployment.version === version)?.state;
  return state ? { ...DEPLOYMENT_DEFAULTS, state } : DEPLOYMENT_DEFAULTS;
}

function deploymentInputs(input: unknown): readonly unknown[] {
  const { deployments } = readObject('service', input, SERVICE_KEYS);
  if (!Array.isArray(deployments) || deployments.length > DEPLOYMENTS_MAX) refuse('deployments', deployments, `a list of 1 to ${DEPLOYMENTS_MAX} deployments`);
  return deployments;
}

/** Version names say which version answers, so no two deployments share one, whatever their repositories. */
export function checkUnique(deployments: readonly DeploymentSpec[]): void {
  const seen = new Map<string, DeploymentSpec>();
  for (const deployment of deployments) {
    const other = seen.get(deployment.version);
    if (other) throw new LeptonError('INVALID_ARGUMENT', `version ${deployment.version} stands twice in the service (${other.repository}:${other.version} and ${deployment.repository}:${deployment.version}); version names are unique within a service`);
    seen.set(deployment.version, deployment);
  }
}

/** Freezes a spec through and through. */
export function freeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}

/** What differs, by path, for dry runs and events; empty when the specs are equal. Deployments are matched by version. */
export function specChanges(before: ServiceSpec | null, after: ServiceSpec | null): readonly SpecChange[] {
  const from = flatten(before);
  const to = flatten(after);
  const paths = [...new Set([...from.keys(), ...to.keys()])];
  return paths
    .map((path) => ({ path, from: from.get(path) ?? null, to: to.get(path) ?? null }))
    .filter((change) => canonicalJson(change.from) !== canonicalJson(change.to));
}

function flatten(spec: ServiceSpec | null): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  if (!spec) return leaves;
  for (const { version, ...rest } of spec.deployments) collect(`deployments.${version}`, rest, leaves);
  collect('traffic', spec.traffic, leaves);
  return leaves;
}

function collect(path: string, value: unknown, leaves: Map<string, unknown>): void {
  if (value === null || typeof value !== 'object') leaves.set(path, value);
  else for (const [key, inner] of Object.entries(value)) collect(`${path}.${key}`, inner, leaves);
}
