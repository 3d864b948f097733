import { openApiDocument } from './openapi.ts';
import { OPERATIONS } from './server.ts';

export { createCallAnswerer } from './answer-call.ts';
export { createManagementServer } from './server.ts';
export { eventMatches } from './event-stream.ts';
export type * from './types.ts';

/** The OpenAPI 3.1 document that the server answers, for generators. */
export const managementOpenApi = (platformVersion: string): Record<string, unknown> => openApiDocument(OPERATIONS, platformVersion);
