import type { FrontDependencies } from '../front.ts';
import { feedbackMethods } from './feedback-service.ts';
import { healthMethods } from './health-service.ts';
import { inferenceMethods } from './inference-service.ts';
import { reflectionMethods } from './reflection-service.ts';
import { createHttp2Server, type GrpcServer } from './server/index.ts';

/** The Open Inference Protocol v2, feedback, health and reflection over gRPC. Returns a server that does not listen yet. */
export function createGrpcServer(dependencies: FrontDependencies): GrpcServer {
  const { bodyBytesMax, headerBytesMax, connectionsMax, requestReceiveTimeoutMs, keepAliveTimeoutMs } = dependencies.limits;
  return createHttp2Server(new Map([...inferenceMethods(dependencies), ...feedbackMethods(dependencies), ...healthMethods(dependencies), ...reflectionMethods()]), {
    messageBytesMax: bodyBytesMax,
    headerBytesMax,
    connectionsMax,
    stallTimeoutMs: requestReceiveTimeoutMs,
    idleTimeoutMs: keepAliveTimeoutMs,
  });
}
