import type { Metadata } from '@grpc/grpc-js';
import type { CallContext } from '../dispatch/index.ts';

/** What the data plane may ask of a gRPC call. */
export function contextOf(metadata: Metadata, deadline: Date | number): CallContext {
  const atMs = deadline instanceof Date ? deadline.getTime() : deadline;
  return {
    header: (name) => {
      const value = metadata.get(name)[0];
      return value === undefined ? undefined : value.toString();
    },
    timeoutMs: Number.isFinite(atMs) ? Math.max(0, atMs - Date.now()) : undefined,
  };
}
