export type { ReplyHeaders } from './exchange.ts';
export { sendError, serverTiming } from './reply.ts';
export { type OtherHandler, RestServer } from './rest-server.ts';
