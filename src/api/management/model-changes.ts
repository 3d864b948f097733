/** What gateways ask for on behalf of the inference protocol's clients: loading and unloading as Triton's users know it. */
import { type DeploymentState, LeptonError, type RepositoryInfo, takesRequests } from '../../core/index.ts';
import type { ApplyResult, ChangeContext, ServiceStatus, VersionStatus } from '../../deployment-engine/index.ts';
import type { ManagementDependencies } from './types.ts';

type Parts = Pick<ManagementDependencies, 'engine' | 'repository'>;
type Action = 'load' | 'unload' | 'drain' | 'warm';

export interface ModelChange {
  readonly action: Action;
  readonly model: string;
  /** A version or a label; null: the whole service. */
  readonly version: string | null;
  readonly force: boolean;
}

const STATES = { load: 'loaded', warm: 'warm', drain: 'drained', unload: 'unloaded' } as const satisfies Record<Action, DeploymentState>;
const WAIT_MAX_MS = 600_000;
const MARGIN_MS = 5_000;

/** Repositories with versions that no service runs, and the version that a load would bring up. */
export async function loadableModels({ engine, repository }: Parts): Promise<readonly { name: string; version: string }[]> {
  const [services, repositories] = await Promise.all([engine.listServices(), repository.listRepositories()]);
  const served = new Set(services.flatMap(({ name, spec }) => [name, ...spec.deployments.map((deployment) => deployment.repository)]));
  return repositories.flatMap((info) => {
    const version = versionToServe(info);
    return version === null || served.has(info.name) ? [] : [{ name: info.name, version }];
  });
}

const versionToServe = ({ labels, latestVersion }: RepositoryInfo): string | null => labels.stable ?? latestVersion;

/** Resolves when the change is in force. Rejects with VERSION_NOT_READY and the version's own reason when it does not get ready. */
export async function changeModel(parts: Parts, change: ModelChange, by: string): Promise<void> {
  const context = { by, reason: `${change.action} through the inference protocol` };
  const status = await serviceOrNull(parts.engine, change.model);
  const begun = status ? await changeServed(parts, status, change, context) : await changeUnserved(parts, change, context);
  if (begun) await inForce(parts, change, begun);
}

/** What was begun: the revision, and the versions that it is about. */
interface Begun {
  readonly revision: number;
  readonly versions: readonly string[];
}

async function serviceOrNull(engine: Parts['engine'], name: string): Promise<ServiceStatus | null> {
  return engine.getService(name).catch((error: unknown) => {
    if (error instanceof LeptonError && error.code === 'SERVICE_NOT_FOUND') return null;
    throw error;
  });
}

/** A registered repository that nobody serves becomes a service of its name; nothing of it can be unloaded. */
async function changeUnserved({ engine, repository }: Parts, { action, model, version }: ModelChange, context: ChangeContext): Promise<Begun | null> {
  const info = await repository.getRepository(model).catch((error: unknown) => {
    if (error instanceof LeptonError && (error.code === 'REPOSITORY_NOT_FOUND' || error.code === 'INVALID_ARGUMENT')) return null;
    throw error;
  });
  const name = version ?? (info && versionToServe(info));
  if (!info || !name) throw new LeptonError('MODEL_NOT_FOUND', `Request for unknown model: '${model.slice(0, 200)}' is not found: no service${info ? ', and its repository has no version' : ' and no repository'} has this name`);
  const found = await repository.getVersion(model, name);
  if (action === 'unload' || action === 'drain') return null;
  const { revision } = await engine.deploy(model, { version: `${model}:${found.version}`, state: STATES[action] }, context);
  return { revision, versions: [found.version] };
}

async function changeServed(parts: Parts, status: ServiceStatus, change: ModelChange, context: ChangeContext): Promise<Begun> {
  const { action, model, force } = change;
  const state = STATES[action];
  const begun = ({ revision }: ApplyResult, versions: readonly string[]): Begun => ({ revision, versions });
  if (change.version === null) {
    const all = status.spec.deployments.map(({ version }) => version);
    // A load of the whole is what clients do to be sure: what was made warm on purpose is loaded already.
    const meant = action === 'load' ? status.spec.deployments.filter((deployment) => deployment.state !== 'warm').map(({ version }) => version) : all;
    return begun(await parts.engine.setState(model, meant, state, context, { force }), meant);
  }
  const { deployed, reference, version } = await deployedOrPublished(parts, status, change.version);
  if (deployed) return begun(await parts.engine.setState(model, [version], state, context, { force }), [version]);
  if (action === 'unload' || action === 'drain') throw new LeptonError('VERSION_NOT_FOUND', `version ${version} is not deployed in service ${model}, so it can't be ${action}ed`);
  return begun(await parts.engine.deploy(model, { version: reference, state }, context), [version]);
}

/** A version of the service by name or label, or one that its repositories have besides. */
async function deployedOrPublished({ repository }: Parts, { name, spec }: ServiceStatus, asked: string): Promise<{ deployed: boolean; reference: string; version: string }> {
  const direct = spec.deployments.find(({ version }) => version === asked);
  if (direct) return { deployed: true, reference: `${direct.repository}:${asked}`, version: asked };
  for (const origin of new Set(spec.deployments.map((deployment) => deployment.repository))) {
    const found = await repository.getVersion(origin, asked).catch(() => null);
    if (!found) continue;
    const deployed = spec.deployments.some((deployment) => deployment.repository === origin && deployment.version === found.version);
    return { deployed, reference: `${origin}:${found.version}`, version: found.version };
  }
  throw new LeptonError('VERSION_NOT_FOUND', `Request for unknown model: '${name}' version '${asked.slice(0, 100)}' is not found; it has ${spec.deployments.map(({ version }) => version).join(', ')}`);
}

async function inForce({ engine }: Parts, { action, model }: ModelChange, { revision, versions }: Begun): Promise<void> {
  const { spec } = await engine.getService(model);
  const timeouts = spec.deployments.filter(({ version }) => versions.includes(version)).map((deployment) => deployment.timeouts);
  const loads = action === 'load' || action === 'warm';
  const longest = Math.max(0, ...timeouts.map(({ loadTimeoutMs, drainTimeoutMs }) => (loads ? loadTimeoutMs : drainTimeoutMs)));
  const status = await engine.waitSettled(model, revision, Math.min(WAIT_MAX_MS, longest + MARGIN_MS));
  const about = status.versions.filter(({ version, desired }) => desired && versions.includes(version));
  const bad = about.find(({ phase }) => (loads ? phase !== 'ready' && phase !== 'recovering' : takesRequests(phase)));
  if (!bad) return;
  if (loads) throw new LeptonError('VERSION_NOT_READY', `failed to load '${model}', version ${told(bad)}`, { retryAfterSeconds: 5 });
  throw new LeptonError('PRECONDITION_FAILED', `version ${bad.version} of '${model}' goes on until what takes its traffic is ready: ${status.conditions.find(({ type }) => type === 'Degraded')?.message || 'it is not yet'}`);
}

const told = ({ version, phase, reason, message }: VersionStatus): string => `${version} is ${phase}: ${[reason, message].filter(Boolean).join(': ')}`;
