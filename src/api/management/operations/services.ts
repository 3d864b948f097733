import { Type, type Static } from 'typebox';
import { LeptonError, type ErrorCode } from '../../../core/index.ts';
import type { ApplyResult, ChangeContext, DeploymentEngine, ServiceStatus } from '../../../deployment-engine/index.ts';
import { listOf, operation, type Operation } from '../operation.ts';
import { closed, DryRun, ExpectRevision, Name, Wait } from '../schemas/common.ts';
import { ChangeResult, DeployRequest, RollbackRequest, ScheduleRequest, ServiceInput, ServiceRevision, ServiceStatus as ServiceStatusSchema, StateRequest, TrafficRequest, UpdateRequest } from '../schemas/service.ts';

const ofService = closed({ service: Name });
const ofDeployment = closed({ service: Name, version: Name });
const change = closed({ dryRun: DryRun, wait: Wait });
const removal = closed({ dryRun: DryRun, wait: Wait, force: Type.Optional(Type.Boolean({ description: 'Also while it has traffic.' })), expectRevision: ExpectRevision });
const CHANGE_ERRORS: readonly ErrorCode[] = ['SERVICE_NOT_FOUND', 'VERSION_NOT_FOUND', 'CONFLICT', 'PRECONDITION_FAILED', 'SHUTTING_DOWN'];

function context(by: string, facts: { readonly reason?: string; readonly expectRevision?: number }): ChangeContext {
  return { by, ...(facts.reason === undefined ? {} : { reason: facts.reason }), ...(facts.expectRevision === undefined ? {} : { expectRevision: facts.expectRevision }) };
}

/** With `wait`, adds the service's state once the revision serves or has failed; null when the service is gone. */
async function settled(engine: DeploymentEngine, result: ApplyResult, query: Static<typeof change>): Promise<ApplyResult & { status?: ServiceStatus | null }> {
  if (query.wait === undefined || query.dryRun) return result;
  return { ...result, status: await statusOrNull(engine.waitSettled(result.service, result.revision, query.wait * 1000)) };
}

async function statusOrNull(status: Promise<ServiceStatus>): Promise<ServiceStatus | null> {
  try {
    return await status;
  } catch (error) {
    if (error instanceof LeptonError && error.code === 'SERVICE_NOT_FOUND') return null;
    throw error;
  }
}

const whole: readonly Operation[] = [
  operation({
    method: 'GET', path: '/services', id: 'listServices', tag: 'services', summary: 'List the services with their state.', errors: [], response: listOf(ServiceStatusSchema),
    handle: ({ dependencies }) => dependencies.engine.listServices(),
  }),
  operation({
    method: 'GET', path: '/services/{service}', id: 'getService', tag: 'services', summary: 'Show a service: what is asked for and what is true.',
    description: 'With `wait` and `revision`: when that revision serves or has failed.', errors: ['SERVICE_NOT_FOUND'], params: ofService,
    query: closed({ wait: Wait, revision: Type.Optional(Type.Integer({ minimum: 0 })) }), response: ServiceStatusSchema,
    handle: async ({ dependencies: { engine }, params, query }) => {
      const status = await engine.getService(params.service);
      return query.wait === undefined ? status : engine.waitSettled(params.service, query.revision ?? status.revision, query.wait * 1000);
    },
  }),
  operation({
    method: 'PUT', path: '/services/{service}', id: 'applyService', tag: 'services', summary: 'Make a service equal to this declaration.', description: 'The same declaration again changes nothing.',
    errors: CHANGE_ERRORS, params: ofService, query: change, body: ServiceInput, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) => {
      const { name = params.service, reason, expectRevision, ...input } = body;
      if (name !== params.service) throw new LeptonError('INVALID_ARGUMENT', `name is ${JSON.stringify(name)}, but the path says ${JSON.stringify(params.service)}`);
      return settled(engine, await engine.apply({ ...input, name }, context(actor, { ...(reason === undefined ? {} : { reason }), ...(expectRevision === undefined ? {} : { expectRevision }) }), dry(query)), query);
    },
  }),
  operation({
    method: 'DELETE', path: '/services/{service}', id: 'deleteService', tag: 'services', summary: 'Undeploy a whole service.', errors: CHANGE_ERRORS, params: ofService, query: removal, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, actor }) => settled(engine, await engine.undeploy(params.service, null, context(actor, query), { ...dry(query), force: true }), query),
  }),
  operation({
    method: 'GET', path: '/services/{service}/revisions', id: 'listRevisions', tag: 'services', summary: 'List the revisions of a service.', errors: ['SERVICE_NOT_FOUND'], params: ofService, response: listOf(ServiceRevision),
    handle: ({ dependencies, params }) => dependencies.engine.revisions(params.service),
  }),
  operation({
    method: 'PUT', path: '/services/{service}/traffic', id: 'setTraffic', tag: 'services', summary: 'Say which version answers a request that names none.', errors: CHANGE_ERRORS, params: ofService, query: change, body: TrafficRequest,
    response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) => settled(engine, await engine.setTraffic(params.service, body.traffic, context(actor, body), dry(query)), query),
  }),
  operation({
    method: 'POST', path: '/services/{service}/rollback', id: 'rollback', tag: 'services', summary: 'Return to an earlier revision.', errors: [...CHANGE_ERRORS, 'REVISION_NOT_FOUND'], params: ofService, query: closed({ wait: Wait }),
    body: RollbackRequest, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) => settled(engine, await engine.rollback(params.service, body.revision ?? null, context(actor, body)), query),
  }),
];

const dry = (query: { readonly dryRun?: boolean }): { dryRun?: boolean } => (query.dryRun === undefined ? {} : { dryRun: query.dryRun });

const deployments: readonly Operation[] = [
  operation({
    method: 'POST', path: '/services/{service}/deployments', id: 'deploy', tag: 'services', summary: 'Add a version to a service, creating the service if need be.',
    description: 'The first version gets all traffic; a further one is dark unless `weight` is given.', errors: CHANGE_ERRORS, params: ofService, query: change, body: DeployRequest, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) =>
      settled(engine, await engine.deploy(params.service, body.deployment, context(actor, body), { ...dry(query), ...(body.weight === undefined ? {} : { weight: body.weight }) }), query),
  }),
  operation({
    method: 'POST', path: '/services/{service}/update', id: 'update', tag: 'services', summary: 'Put a version in the place of another.', description: 'The new one is ready before the old one goes; if it fails, the old one keeps serving.',
    errors: CHANGE_ERRORS, params: ofService, query: change, body: UpdateRequest, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) =>
      settled(engine, await engine.update(params.service, body.deployment, context(actor, body), { ...dry(query), ...(body.from === undefined ? {} : { from: body.from }) }), query),
  }),
  operation({
    method: 'DELETE', path: '/services/{service}/deployments/{version}', id: 'undeploy', tag: 'services', summary: 'Remove a version from a service.', errors: CHANGE_ERRORS, params: ofDeployment, query: removal, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, actor }) =>
      settled(engine, await engine.undeploy(params.service, params.version, context(actor, query), { ...dry(query), force: query.force ?? false }), query),
  }),
  operation({
    method: 'PUT', path: '/services/{service}/state', id: 'setServiceState', tag: 'services', summary: 'Load, warm, drain or unload all versions of a service.', errors: CHANGE_ERRORS, params: ofService, query: change, body: StateRequest, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) => settled(engine, await engine.setState(params.service, null, body.state, context(actor, body), dry(query)), query),
  }),
  operation({
    method: 'PUT', path: '/services/{service}/deployments/{version}/state', id: 'setVersionState', tag: 'services', summary: 'Load, warm, drain or unload one version.',
    description: 'The traffic of a version that is not loaded goes to those that are. Refused where none of them would answer requests that name no version, unless it is the only version or `force` is true.',
    errors: CHANGE_ERRORS, params: ofDeployment, query: change, body: StateRequest, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) =>
      settled(engine, await engine.setState(params.service, [params.version], body.state, context(actor, body), { ...dry(query), ...(body.force === undefined ? {} : { force: body.force }) }), query),
  }),
  operation({
    method: 'PATCH', path: '/services/{service}/deployments/{version}', id: 'schedule', tag: 'services', summary: 'Change a version’s priority and replicas.', errors: CHANGE_ERRORS, params: ofDeployment, query: closed({ wait: Wait }),
    body: ScheduleRequest, response: ChangeResult,
    handle: async ({ dependencies: { engine }, params, query, body, actor }) => {
      const { reason: _reason, expectRevision: _expectRevision, ...wanted } = body;
      return settled(engine, await engine.schedule(params.service, params.version, wanted, context(actor, body)), query);
    },
  }),
];

export const serviceOperations: readonly Operation[] = [...whole, ...deployments];
