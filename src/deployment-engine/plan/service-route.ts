import { type BatchingHint, type ClassLabels, type DeploymentSpec, isResting, type LoadProfile, type ModelFormat, type ServiceRoute, type ServiceSpec, type Signature, takesRequests, type VersionRoute } from '../../core/index.ts';
import { type ServiceView, shapeOf } from './model.ts';
import { activeDeployment, policyWeights, rests, trafficWeights, type VersionState, versionState, type WantedVersion, wantedVersions } from './versions.ts';
import { scaleWeights, withoutVersions } from './weights.ts';

/** The part of a version's manifest that routes carry. */
export interface ManifestFacts {
  readonly format: ModelFormat;
  /** Bytes of its files, each content counted once. */
  readonly storageBytes: number;
  readonly signature: Signature;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly batching: BatchingHint | null;
  readonly classLabels?: Readonly<Record<string, ClassLabels>>;
}

/** What routes need besides the service's own state. */
export interface RouteFacts {
  manifest(digest: string): ManifestFacts | undefined;
  /** 0: not known yet. */
  predictionSource(service: string, deployment: DeploymentSpec): number;
}

/** What gateways should know of a service now; null: nothing (it shall go). Versions whose facts are unknown stay out. */
export function serviceRoute(view: ServiceView, facts: RouteFacts, now: number): ServiceRoute | null {
  if (!view.desired) return null;
  const wanted = wantedVersions(view);
  const states = new Map(wanted.map((version) => [version.target.version, versionState(view, version, now)]));
  const versions = wanted.flatMap((version) => versionRoute(view, version, states.get(version.target.version) as VersionState, facts));
  const weights = effectiveWeights(view, states);
  const policy = (view.serving ?? view.desired).spec.traffic;
  return {
    service: view.name,
    weights,
    sticky: policy.kind === 'weights' ? policy.sticky : null,
    defaultVersion: defaultVersion(policy.defaultVersion, weights, states),
    labels: labelsOf(view, wanted),
    versions,
  };
}

function versionRoute(view: ServiceView, wanted: WantedVersion, state: VersionState, known: RouteFacts): VersionRoute[] {
  const { deployment, replicas } = activeDeployment(view, wanted);
  const facts = known.manifest(deployment.digest);
  if (!facts) return [];
  const profile = replicas.find((replica) => replica.profile)?.profile ?? view.profiles.get(shapeOf(deployment)) ?? null;
  const { version, repository, digest, priority, timeouts } = deployment;
  return [{
    version, repository, digest, priority, timeouts,
    predictionSource: known.predictionSource(view.name, deployment),
    format: facts.format, signature: facts.signature, metadata: facts.metadata,
    ...(facts.classLabels && { classLabels: facts.classLabels }),
    ...state,
    batching: batching(deployment, profile, facts.batching),
    replicas: rests(wanted.state) ? [] : replicas.map((replica) => replica.route),
  }];
}

/** The measurement decides whether rows may be merged; the spec, or else the measurement, how many; a hint is a ceiling, for single requests too. */
function batching(deployment: DeploymentSpec, profile: LoadProfile | null, hint: BatchingHint | null): VersionRoute['batching'] {
  const batchable = profile?.batchable ?? false;
  const rowsMax = hint && hint.maxBatchSize > 0 ? { rowsMax: hint.maxBatchSize } : {};
  const ceiling = rowsMax.rowsMax ?? Number.MAX_SAFE_INTEGER;
  const asked = deployment.batching.maxBatch ?? profile?.bestBatch ?? 1;
  return { ...deployment.batching, batchable, batchMax: batchable ? Math.max(1, Math.min(asked, ceiling)) : 1, ...rowsMax };
}

/**
 * Percent of version-less traffic by version, now. The part of a version that can't answer, because it failed or is only
 * starting, or is not asked to, goes to the others, so that one bad version leaves the rest serving; when none can answer
 * they keep their weights, so that the refusal names the reason.
 */
export function effectiveWeights(view: ServiceView, states: ReadonlyMap<string, VersionState>): Readonly<Record<string, number>> {
  const asked = (view.serving ?? view.desired)?.spec;
  if (!asked) return {};
  const spec = withShares(asked, view.shares ?? null);
  const known = withoutVersions(trafficWeights(spec, view.labels), (version) => !states.has(version));
  if (!Object.keys(known).length) return withoutVersions(policyWeights(spec.traffic, view.labels), (version) => !isResting(states.get(version)?.phase ?? 'failed'));
  if (spec.traffic.kind !== 'weights' || !view.serving) return known;
  const answering = withoutVersions(known, (version) => !takesRequests(states.get(version)?.phase ?? 'failed'));
  return Object.keys(answering).length ? answering : known;
}

/** The spec with the weights that the scheduler chose, where they are of these very versions and within their ranges. */
function withShares(spec: ServiceSpec, shares: Readonly<Record<string, number>> | null): ServiceSpec {
  const { traffic } = spec;
  if (!shares || traffic.kind !== 'weights' || !traffic.ranges) return spec;
  const { ranges } = traffic;
  const fits = Object.entries(shares).every(([version, share]) => Object.hasOwn(ranges, version) && share <= (ranges[version]?.max ?? 0) + 0.01 && share >= (ranges[version]?.min ?? 0) - 0.01);
  return fits ? { ...spec, traffic: { ...traffic, weights: scaleWeights(shares, 100) } } : spec;
}

function defaultVersion(asked: string | null, weights: Readonly<Record<string, number>>, states: ReadonlyMap<string, VersionState>): string | null {
  if (asked !== null && states.has(asked)) return asked;
  const heaviest = Object.entries(weights).sort(([, a], [, b]) => b - a)[0]?.[0];
  const ready = ([...states].find(([, state]) => state.phase === 'ready') ?? [...states].find(([, state]) => takesRequests(state.phase)))?.[0];
  return heaviest ?? ready ?? [...states.keys()][0] ?? null;
}

/** Labels of the versions' repositories that point to a version served here, never shadowing a version's own name. */
function labelsOf(view: ServiceView, wanted: readonly WantedVersion[]): Readonly<Record<string, string>> {
  const origin = new Map(wanted.map(({ target }) => [target.version, target.repository]));
  const found = new Map<string, string>();
  for (const [name, version] of view.labels) {
    const colon = name.indexOf(':');
    const label = name.slice(colon + 1);
    if (origin.get(version) === name.slice(0, colon) && !origin.has(label)) found.set(label, version);
  }
  return Object.fromEntries(found);
}
