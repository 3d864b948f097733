/** gRPC over HTTP/2: calls in, bytes out. Knows nothing of inference. */
export { createHttp2Server } from './http2-server.ts';
export type { GrpcCall, GrpcServer, GrpcServerLimits, MessageBytes, MessageStream, Method, Methods, StreamHandler, UnaryHandler } from './types.ts';
