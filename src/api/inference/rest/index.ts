export type { PassingDoor, ReplyHeaders, RestReply, RestRequest } from './exchange.ts';
export type { PlainHead } from './plain/plain-head.ts';
export { sendError, serverTiming } from './reply.ts';
export { type OtherHandler, RestServer } from './rest-server.ts';
