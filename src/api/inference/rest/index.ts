export { type ReplyHeaders, sendError } from './reply.ts';
export { createRestServer, type OtherHandler } from './rest-front.ts';
