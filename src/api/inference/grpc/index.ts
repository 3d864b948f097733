export { createGrpcServer, listenGrpc } from './grpc-front.ts';
