import { setTimeout as sleep } from 'node:timers/promises';
import { LeptonError } from '../../../core/index.ts';
import type { FrontDependencies } from '../front.ts';
import { modelReady } from '../model-info.ts';
import { decodeMessage, encodeMessage } from './schema/index.ts';
import type { GrpcCall, MessageStream, Method } from './server/index.ts';

type Status = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

const PACKAGE = 'grpc.health.v1';
/** How often a watched status is looked at. */
const WATCH_INTERVAL_MS = 250;

/**
 * grpc.health.v1.Health. Services are '' and the inference service for the server, and each model: `NAME`, or
 * `NAME/VERSION` for one of its versions.
 */
export function healthMethods({ plane }: FrontDependencies): Iterable<[string, Method]> {
  const statusOf = (service: string, call: GrpcCall): Status => {
    if (service === '' || service === 'inference.GRPCInferenceService') return plane.serverReady ? 'SERVING' : 'NOT_SERVING';
    const [model, ...version] = service.split('/') as [string, ...string[]];
    try {
      return modelReady(plane, model, version.join('/') || null, call).body ? 'SERVING' : 'NOT_SERVING';
    } catch (error) {
      if (!(error instanceof LeptonError)) throw error;
      return error.httpStatus === 404 ? 'SERVICE_UNKNOWN' : 'NOT_SERVING';
    }
  };

  const check = (bytes: Buffer, call: GrpcCall): Buffer => {
    const service = asked(bytes);
    const status = statusOf(service, call);
    if (status === 'SERVICE_UNKNOWN') throw new LeptonError('SERVICE_NOT_FOUND', `no service or model '${service.slice(0, 200)}' is known`);
    return encodeMessage(`${PACKAGE}.HealthCheckResponse`, { status });
  };

  const list = (_: Buffer, call: GrpcCall): Buffer => {
    const names = ['', ...[...plane.services()].map(({ route }) => route.service)];
    return encodeMessage(`${PACKAGE}.HealthListResponse`, { statuses: Object.fromEntries(names.map((name) => [name, { status: statusOf(name, call) }])) });
  };

  const watch = async (stream: MessageStream): Promise<void> => {
    const service = await onlyMessage(stream);
    let told: Status | null = null;
    while (stream.active) {
      const status = statusOf(service, stream);
      if (status !== told) await stream.write(encodeMessage(`${PACKAGE}.HealthCheckResponse`, { status }));
      told = status;
      await sleep(WATCH_INTERVAL_MS, undefined, { ref: false });
    }
    await stream.write(encodeMessage(`${PACKAGE}.HealthCheckResponse`, { status: 'NOT_SERVING' }));
    throw new LeptonError('SHUTTING_DOWN', 'the server is stopping');
  };

  return [
    [`/${PACKAGE}.Health/Check`, { unary: check }],
    [`/${PACKAGE}.Health/List`, { unary: list }],
    [`/${PACKAGE}.Health/Watch`, { stream: watch }],
  ];
}

const asked = (bytes: Buffer): string => decodeMessage<{ service: string }>(`${PACKAGE}.HealthCheckRequest`, bytes).service;

async function onlyMessage(stream: MessageStream): Promise<string> {
  for await (const bytes of stream.messages) return asked(bytes);
  throw new LeptonError('INVALID_ARGUMENT', 'the call has no message, but this method takes one');
}
