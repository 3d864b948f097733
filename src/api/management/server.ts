import fastify, { type FastifyInstance } from 'fastify';
import type { ManagementDependencies } from './types.ts';

/**
 * The management API under `/api/v1`, not yet listening: call `listen({ path })`. Closing it ends the event streams.
 */
export function createManagementServer(dependencies: ManagementDependencies): FastifyInstance {
  const app = fastify({ loggerInstance: dependencies.log });
  app.get('/internal/metrics', async (_request, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await dependencies.controlMetrics.text()));
  return app;
}
