import { LeptonError, type StickyKey } from '../../../core/index.ts';
import { LOWEST_PRIORITY } from '../batching/index.ts';
import { type InferenceRequest, show } from '../codec/index.ts';
import type { CallContext } from './data-plane.ts';

/** Triton's `priority` parameter: 1 is the most urgent, 0 and absent the least. */
export function priorityOf(request: InferenceRequest): number {
  const value = wholeParameter(request, 'priority');
  return value ? Math.min(value, LOWEST_PRIORITY) : LOWEST_PRIORITY;
}

/** Triton's `timeout` parameter, microseconds; 0 and absent: none. */
export function timeoutParameterMs(request: InferenceRequest): number | null {
  const value = wholeParameter(request, 'timeout');
  return value ? value / 1000 : null;
}

function wholeParameter(request: InferenceRequest, name: string): number | null {
  const value = request.parameters.get(name);
  if (value === undefined) return null;
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw new LeptonError('INVALID_ARGUMENT', `parameters.${name} is ${show(value)}, not a whole number ≥ 0`);
}

/** What a service's sticky key is for this call; undefined: none. */
export function stickyKeyOf(sticky: StickyKey | null, request: Pick<InferenceRequest, 'parameters'>, context: CallContext): string | undefined {
  if (!sticky) return undefined;
  if ('header' in sticky) return context.header(sticky.header.toLowerCase());
  const value = request.parameters.get(sticky.parameter);
  return value === undefined ? undefined : String(value);
}
