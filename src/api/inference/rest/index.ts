export { type ReplyHeaders, sendError, serverTiming } from './reply.ts';
export { createRestServer, type OtherHandler } from './rest-front.ts';
