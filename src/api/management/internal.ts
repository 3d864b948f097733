import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { closed, nullable } from './schemas/common.ts';
import { changeModel, loadableModels } from './model-changes.ts';
import type { FeedbackEntry } from '../../core/index.ts';
import type { ManagementDependencies } from './types.ts';
import { compileCheck } from './validate.ts';

const Change = closed({
  action: Type.Enum(['load', 'unload', 'drain', 'warm']),
  model: Type.String({ minLength: 1 }),
  version: nullable(Type.String({ minLength: 1 })),
  force: Type.Boolean(),
});
const Logging = closed({
  error: Type.Optional(Type.Boolean()),
  warning: Type.Optional(Type.Boolean()),
  info: Type.Optional(Type.Boolean()),
  verboseLevel: Type.Optional(Type.Integer({ minimum: 0 })),
  timeFormat: Type.Optional(Type.Enum(['epoch', 'iso8601'])),
});

/** As large as gateways let it be, and what JSON adds to it. */
const FEEDBACK_BODY_BYTES_MAX = 16 * 2 ** 20;

/** What control offers its gateways; they let nobody else in. */
export function addInternalRoutes(app: FastifyInstance, dependencies: ManagementDependencies, actorOf: (request: FastifyRequest) => string): void {
  const checkChange = compileCheck('body', Change);
  const checkLogging = compileCheck('body', Logging);
  app.get('/internal/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await dependencies.controlMetrics.text()));
  app.get('/internal/models', () => loadableModels(dependencies));
  app.post('/internal/models', async (request, reply) => {
    await changeModel(dependencies, checkChange(request.body), actorOf(request));
    return reply.code(204).send();
  });
  // Checked by the gateway, entry by entry.
  app.post('/internal/feedback', { bodyLimit: FEEDBACK_BODY_BYTES_MAX }, async (request) => ({ outcomes: await dependencies.feedback.send((request.body as { entries: FeedbackEntry[] }).entries) }));
  app.patch('/internal/logging', (request) => dependencies.engine.setLogging(checkLogging(request.body), { by: actorOf(request) }));
}
