export { createGrpcServer } from './grpc-front.ts';
export type { GrpcServer } from './server/index.ts';
