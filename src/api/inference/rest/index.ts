export type { ReplyHeaders } from './exchange.ts';
export { sendError, serverTiming } from './reply.ts';
export { createRestServer, type OtherHandler } from './rest-front.ts';
