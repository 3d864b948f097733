import { type Command, InvalidArgumentError } from 'commander';
import type { ScheduleInput } from '../../clients/typescript/src/index.ts';
import { collect, decimalNumber, wholeNumber } from './context.ts';

/** Options that say something to the scheduler. */
export interface SchedulingFlags {
  readonly priority?: number;
  readonly quality?: number | string;
  readonly latency?: NonNullable<ScheduleInput['latency']> | 'none';
  readonly servedMin?: number | 'none';
  readonly placement?: readonly string[];
  readonly apartFrom?: readonly string[];
}

export const schedulingOptions = (of: Command): Command =>
  of
    .option('--priority <number>', 'what a request is worth beside those of others where not all can be served; default 1, 0: background', wholeNumber)
    .option('--quality <value>', 'worth of an answer: a number, or the name of a metric in the metadata; none: no longer', quality)
    .option('--latency <objective>', 'within which so many requests shall be answered: 50ms, or 50ms@0.95 (default 0.99); none', latency)
    .option('--served-min <share>', 'share of the demand that must be served, 0 to 1; none', orNone(decimalNumber))
    .option('--placement <label=value>', 'a label that its node must have (repeatable); none', collect)
    .option('--apart-from <version>', 'a version that may not be on the same node (repeatable); none', collect);

/** What the flags ask for. */
export function schedulingInput({ priority, quality: worth, latency: objective, servedMin, placement, apartFrom }: SchedulingFlags): ScheduleInput {
  return {
    ...(priority === undefined ? {} : { priority }),
    ...(worth === undefined ? {} : { quality: worth === 'none' ? null : worth }),
    ...(objective === undefined ? {} : { latency: objective === 'none' ? null : objective }),
    ...(servedMin === undefined ? {} : { servedMin: servedMin === 'none' ? null : servedMin }),
    ...(placement === undefined ? {} : { placement: isNone(placement) ? null : labels(placement) }),
    ...(apartFrom === undefined ? {} : { apartFrom: isNone(apartFrom) ? null : [...apartFrom] }),
  };
}

const isNone = (list: readonly string[]): boolean => list.length === 1 && list[0] === 'none';

/** Takes the setting away; commander knows no null. */
function orNone<T>(read: (text: string) => T): (text: string) => T | 'none' {
  return (text) => (text === 'none' ? text : read(text));
}

const quality = (text: string): number | string => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);

const latency = orNone((text: string): { milliseconds: number; quantile?: number } => {
  const match = /^(\d{1,9}(?:\.\d+)?)\s*(ms|s)(?:@(0?\.\d+))?$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a time with its unit, and if need be a share of the requests: 50ms or 1.5s@0.95.');
  return { milliseconds: Number(match[1]) * (match[2] === 's' ? 1000 : 1), ...(match[3] === undefined ? {} : { quantile: Number(match[3]) }) };
});

function labels(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at <= 0) throw new InvalidArgumentError(`--placement: ${JSON.stringify(pair)} is not label=value`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  }));
}
