import { LeptonError } from '../../../../core/index.ts';

const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };
const TIMEOUT = /^(\d{1,8})([HMSmun])$/;

/** The `grpc-timeout` header in milliseconds. Throws INVALID_ARGUMENT. */
export function parseTimeout(value: string): number {
  const match = TIMEOUT.exec(value);
  if (!match) throw new LeptonError('INVALID_ARGUMENT', `grpc-timeout '${value.slice(0, 100)}' is not up to 8 digits and one of H, M, S, m, u, n`);
  return Number(match[1]) * (UNIT_MS[match[2] as string] as number);
}
