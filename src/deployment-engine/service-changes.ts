import { canonicalJson, checkName, type Clock, type DeploymentSpec, type DeploymentState, type EventSink, LeptonError, parseReference, type ServiceRevision, type ServiceSpec } from '../core/index.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import { policyWeights, shapeOf, trafficWeights } from './plan/index.ts';
import { referencesOf, serviceSpec, specChanges } from './spec/service-spec.ts';
import { deployEdit, scheduleEdit, stateEdit, trafficEdit, undeployEdit, updateEdit } from './spec/spec-edits.ts';
import { neededVersions, type ServiceState } from './state.ts';
import { type EngineStore, newServiceState } from './store.ts';
import type { ApplyResult, ChangeContext, DeploymentInput, ScheduleInput, ServiceInput, TrafficInput } from './types.ts';
import type { VersionFacts } from './version-facts.ts';

export interface ChangesDependencies {
  readonly services: Map<string, ServiceState>;
  readonly store: EngineStore;
  readonly repository: ModelRepository;
  readonly facts: VersionFacts;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly wake: (service: string) => void;
}

type Edit = (current: ServiceSpec | null) => Promise<ServiceSpec | null> | ServiceSpec | null;
interface Options {
  readonly dryRun?: boolean;
}

/** Turns what people ask for into revisions. Everything is checked before anything changes, and committed before the answer. */
export class ServiceChanges {
  readonly #dependencies: ChangesDependencies;
  /** Services whose first revision is being made: whoever else wants to make one waits for the same lock. */
  readonly #creating = new Map<string, ServiceState>();

  constructor(dependencies: ChangesDependencies) {
    this.#dependencies = dependencies;
  }

  async apply(input: ServiceInput, context: ChangeContext, options: Options = {}): Promise<ApplyResult> {
    const resolve = await this.#dependencies.facts.resolve(referencesOf(input));
    return this.#change(checkName('service', input.name), context, options, (current) => serviceSpec(input, resolve, current));
  }

  async deploy(service: string, deployment: DeploymentInput, context: ChangeContext, options: Options & { readonly weight?: number } = {}): Promise<ApplyResult> {
    const resolve = await this.#resolveOne(deployment);
    return this.#change(checkName('service', service), context, options, (current) => this.#answering(current, deployEdit(service, current, deployment, resolve, options.weight)));
  }

  async update(service: string, deployment: DeploymentInput, context: ChangeContext, options: Options & { readonly from?: string } = {}): Promise<ApplyResult> {
    const resolve = await this.#resolveOne(deployment);
    return this.#change(service, context, options, (current) => this.#answering(current, updateEdit(existing(service, current), deployment, resolve, options.from)));
  }

  async undeploy(service: string, version: string | null, context: ChangeContext, options: Options & { readonly force?: boolean } = {}): Promise<ApplyResult> {
    return this.#change(service, context, options, (current) => {
      const before = existing(service, current);
      return version === null ? null : undeployEdit(before, version, options.force ?? false, this.#followed(before));
    });
  }

  /** The version that traffic reaches through a label. */
  #followed({ traffic, deployments }: ServiceSpec): string | null {
    if (traffic.kind !== 'label') return null;
    return this.#dependencies.facts.labelsFor(deployments).get(`${traffic.repository}:${traffic.label}`) ?? null;
  }

  async setTraffic(service: string, traffic: TrafficInput, context: ChangeContext, options: Options = {}): Promise<ApplyResult> {
    return this.#change(service, context, options, (current) => this.#answering(current, trafficEdit(existing(service, current), traffic)));
  }

  async setState(service: string, versions: readonly string[] | null, state: DeploymentState, context: ChangeContext, options: Options & { readonly force?: boolean } = {}): Promise<ApplyResult> {
    return this.#change(service, context, options, (current) => {
      const before = existing(service, current);
      const after = stateEdit(before, versions, state);
      // Who means the whole service, or all that it has, means that nobody answers.
      const whole = versions === null || before.deployments.every(({ version }) => versions.includes(version));
      return whole || options.force ? after : this.#answering(before, after);
    });
  }

  /** Refuses a spec that sends requests without a version to nobody, where they had an answer before. */
  #answering(before: ServiceSpec | null, after: ServiceSpec): ServiceSpec {
    const { facts } = this.#dependencies;
    const answers = (spec: ServiceSpec): boolean => Object.keys(trafficWeights(spec, facts.labelsFor(spec.deployments))).length > 0;
    const held = Object.keys(policyWeights(after.traffic, facts.labelsFor(after.deployments)));
    if (!before || !held.length || answers(after) || !answers(before)) return after;
    const states = held.map((version) => `${version} (${after.deployments.find((deployment) => deployment.version === version)?.state ?? 'not deployed'})`);
    throw new LeptonError('PRECONDITION_FAILED', `requests to service ${after.name} that name no version would have nobody to answer them: its traffic goes to ${states.join(', ')}; give a loaded version traffic first (lepton-ai traffic ${after.name}), or force it where that is possible`);
  }

  async schedule(service: string, version: string, change: ScheduleInput, context: ChangeContext): Promise<ApplyResult> {
    return this.#change(service, context, {}, (current) => scheduleEdit(existing(service, current), version, change));
  }

  async rollback(service: string, revision: number | null, context: ChangeContext): Promise<ApplyResult> {
    const reason = (to: number): string => context.reason ?? `rollback to revision ${to}`;
    let target: ServiceRevision | null = null;
    const found = async (): Promise<ServiceRevision> => (target ??= await this.#earlier(service, revision));
    const to = this.#dependencies.services.has(service) ? (await found()).revision : 0;
    return this.#change(service, { ...context, reason: reason(to) }, {}, async (current) => {
      existing(service, current);
      return (await found()).spec;
    });
  }

  async #earlier(service: string, revision: number | null): Promise<ServiceRevision> {
    const current = this.#dependencies.services.get(service)?.revision ?? 0;
    const wanted = revision ?? current - 1;
    const found = await this.#dependencies.store.revision(service, wanted);
    if (found) return found;
    throw new LeptonError('REVISION_NOT_FOUND', revision === null ? `service ${service} is at its first revision, there is none before it` : `service ${service} has no revision ${revision}; the newest is ${current}`);
  }

  async #resolveOne(deployment: DeploymentInput) {
    if (typeof deployment?.version !== 'string') throw new LeptonError('INVALID_ARGUMENT', 'deployment.version: text of the form repository:version must be given');
    parseReference(deployment.version);
    return this.#dependencies.facts.resolve([deployment.version]);
  }

  async #change(name: string, context: ChangeContext, options: Options, edit: Edit): Promise<ApplyResult> {
    for (;;) {
      const service = this.#state(name) ?? this.#newState(name);
      const result = await service.lock.run(async () => {
        // Forgotten, or given up by who was making it, while we waited: then the next round sees what is there now.
        if (this.#state(name) !== service) return null;
        return this.#changeLocked(service, context, options, edit).finally(() => this.#creating.delete(name));
      });
      if (result) return result;
    }
  }

  #state(name: string): ServiceState | undefined {
    return this.#dependencies.services.get(name) ?? this.#creating.get(name);
  }

  #newState(name: string): ServiceState {
    const service = newServiceState(name, new Date(this.#dependencies.clock.now()).toISOString());
    this.#creating.set(name, service);
    return service;
  }

  async #changeLocked(service: ServiceState, context: ChangeContext, options: Options, edit: Edit): Promise<ApplyResult> {
    const current = service.desired?.spec ?? null;
    this.#checkExpected(service, context);
    const after = await edit(current);
    const changes = specChanges(current, after);
    const unchanged = { service: service.name, revision: service.revision, changes };
    if (!changes.length) return unchanged;
    if (after) await this.#checkLabel(after);
    if (options.dryRun) return { ...unchanged, revision: after ? service.revision + 1 : service.revision };
    if (after) await this.#commit(service, after, context);
    else await this.#remove(service, context);
    this.#dependencies.wake(service.name);
    return { service: service.name, revision: service.revision, changes };
  }

  #checkExpected(service: ServiceState, { expectRevision }: ChangeContext): void {
    const now = service.desired ? service.revision : 0;
    if (expectRevision !== undefined && expectRevision !== now) throw new LeptonError('CONFLICT', `service ${service.name} is at revision ${now}, not ${expectRevision}; read it again and repeat`);
  }

  /** Traffic may only follow a label that leads to a version deployed in the service. */
  async #checkLabel({ name, traffic, deployments }: ServiceSpec): Promise<void> {
    if (traffic.kind !== 'label') return;
    await this.#dependencies.facts.refreshLabels(traffic.repository);
    const target = this.#dependencies.facts.labelsFor(deployments).get(`${traffic.repository}:${traffic.label}`);
    if (target === undefined) throw new LeptonError('LABEL_NOT_FOUND', `repository ${traffic.repository} has no label ${traffic.label} that traffic of service ${name} could follow; set it first`);
    if (deployments.some((deployment) => deployment.repository === traffic.repository && deployment.version === target)) return;
    throw new LeptonError('PRECONDITION_FAILED', `label ${traffic.label} points to ${traffic.repository}:${target}, which is not deployed in service ${name}; deploy it first, or move the label`);
  }

  async #commit(service: ServiceState, spec: ServiceSpec, context: ChangeContext): Promise<void> {
    const { store, facts, services, events, clock } = this.#dependencies;
    const at = new Date(clock.now()).toISOString();
    const revision = service.revision + 1;
    const desired = { revision, spec };
    const createdAt = service.desired ? service.createdAt : at;
    await this.#pin(service, desired);
    try {
      await this.#checkDigests(spec);
      await store.commitRevision({ ...service, createdAt }, revision, spec, { by: context.by, reason: context.reason ?? '', at });
    } catch (error) {
      await this.#pin(service, service.desired).catch(() => undefined);
      throw error;
    }
    await facts.learn(spec);
    const before = service.desired;
    Object.assign(service, { revision, desired, spec, createdAt, updatedAt: at });
    // A new revision is a new chance for what it changes; what it leaves as it was keeps its back-off.
    const left = new Set(spec.deployments.filter((deployment) => before?.spec.deployments.some((earlier) => canonicalJson(earlier) === canonicalJson(deployment))).map(shapeOf));
    for (const shape of service.failures.keys()) if (!left.has(shape)) service.failures.delete(shape);
    services.set(service.name, service);
    for (const deployment of spec.deployments) this.#tellState(service.name, before?.spec.deployments.find(({ version }) => version === deployment.version)?.state, deployment, context);
    events.record({ severity: 'info', reason: before ? 'ServiceChanged' : 'ServiceCreated', message: `service ${service.name} is asked to be at revision ${revision}${context.reason ? `: ${context.reason}` : ''}`, actor: context.by, service: service.name, before: before && String(before.revision), after: String(revision) });
  }

  #tellState(service: string, before: DeploymentState | undefined, { version, repository, state }: DeploymentSpec, { by, reason }: ChangeContext): void {
    if (before === undefined || before === state) return;
    this.#dependencies.events.record({ severity: 'info', reason: 'VersionStateChanged', message: `version ${version} of service ${service} is asked to be ${state}${reason ? `: ${reason}` : ''}`, actor: by, repository, service, version, before, after: state });
  }

  /** Nobody may delete what a service needs, now or until the switch. */
  async #pin(service: ServiceState, desired: ServiceState['desired']): Promise<void> {
    await this.#dependencies.repository.setPins(`service:${service.name}`, neededVersions(desired, service.serving).map(({ repository, version }) => ({ repository, version })));
  }

  /** The versions are pinned now; what was resolved before must still be what they are. */
  async #checkDigests(spec: ServiceSpec): Promise<void> {
    for (const { repository, version, digest } of spec.deployments) {
      const found = await this.#dependencies.repository.getVersion(repository, version);
      if (found.version !== version || found.digest !== digest) throw new LeptonError('CONFLICT', `${repository}:${version} is another version now; repeat the request`);
    }
  }

  async #remove(service: ServiceState, context: ChangeContext): Promise<void> {
    const before = service.desired;
    const gone = { desired: null, serving: null };
    // Nobody may see it gone before that is certain.
    await this.#dependencies.store.saveStatus({ ...service, ...gone });
    Object.assign(service, gone);
    this.#dependencies.events.record({ severity: 'info', reason: 'ServiceRemoving', message: `service ${service.name} is to go`, actor: context.by, service: service.name, before: before && String(before.revision), after: null });
  }
}

function existing(name: string, current: ServiceSpec | null): ServiceSpec {
  if (current) return current;
  throw new LeptonError('SERVICE_NOT_FOUND', `no service has the name ${JSON.stringify(name)}; list them with \`lepton-ai services\``);
}
