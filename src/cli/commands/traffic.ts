import type { Command } from 'commander';
import type { ServiceStatus, TrafficInput } from '../../../clients/typescript/src/index.ts';
import { action, command, collect } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { type ChangeFlags, changeOptions, finishChange, requestOptions } from '../waiting.ts';

interface TrafficFlags extends ChangeFlags {
  readonly range?: readonly string[];
  readonly version?: string;
  readonly label?: string;
  readonly stickyHeader?: string;
  readonly stickyParameter?: string;
  readonly sticky: boolean;
  readonly default?: string | false;
}

export const trafficCommand = (): Command =>
  changeOptions(
    command('traffic <service> [version=percent...]', 'Say which version answers a request that names none; without more, show it.', [
      'traffic my-service v1=90 v2=10 --sticky-header x-user',
      'traffic my-service --version v2',
      'traffic my-service --label stable',
      'traffic my-service',
    ])
      .argument('<service>')
      .argument('[weights...]', 'percent by version, sum 100; 0: only reached by name')
      .option('--version <version>', 'all to this version')
      .option('--label <label>', 'all to the version that this label points to')
      .option('--range <version=min..max>', 'with weights: percents between which the scheduler may move traffic (repeatable, one for each weight)', collect)
      .option('--sticky-header <name>', 'requests with the same value of this header get the same version')
      .option('--sticky-parameter <name>', 'the same by a request parameter')
      .option('--no-sticky', 'no longer sticky; without it new weights keep what was')
    .option('--default <version>', 'answers metadata when no version is named')
    .option('--no-default', 'the traffic decides about metadata again; without it new weights keep what was'),
  ).action(
    action<TrafficFlags>(async (context, [service = '', ...weights], flags) => {
      const traffic = trafficOf(weights, flags);
      if (traffic) return finishChange(context, await context.client.setTraffic(service, traffic, requestOptions(flags)), flags);
      const status = await context.client.getService(service);
      context.out.result(status.spec.traffic, () => context.out.line(trafficNow(status)));
    }),
  );

/** undefined: nothing was given, so show. */
function trafficOf(weights: readonly string[], flags: TrafficFlags): TrafficInput | undefined {
  if ([flags.stickyHeader !== undefined, flags.stickyParameter !== undefined, !flags.sticky].filter(Boolean).length > 1) throw new CliError('give --sticky-header, --sticky-parameter or --no-sticky, one of them', ExitCode.usage);
  const chosen = [weights.length > 0, flags.version !== undefined, flags.label !== undefined].filter(Boolean).length;
  if (chosen > 1) throw new CliError('give weights, --version or --label, one of them', ExitCode.usage);
  if (chosen === 0) {
    if (flags.stickyHeader !== undefined || flags.stickyParameter !== undefined || !flags.sticky || flags.default !== undefined) throw new CliError('give the weights too, for example v1=90 v2=10', ExitCode.usage);
    return undefined;
  }
  const fallback = typeof flags.default === 'string' ? { default: flags.default } : flags.default === false ? { default: null } : {};
  if (flags.version !== undefined) return { version: flags.version, ...fallback };
  if (flags.label !== undefined) return { label: flags.label, ...fallback };
  return { weights: Object.fromEntries(weights.map(weightOf)), ...(flags.range ? { ranges: Object.fromEntries(flags.range.map(rangeOf)) } : {}), ...stickyOf(flags), ...fallback };
}

function weightOf(text: string): [string, number] {
  const match = /^(.+)=(\d+(?:\.\d+)?)%?$/.exec(text);
  if (!match) throw new CliError(`${JSON.stringify(text)} is no weight: write version=percent, for example v1=90`, ExitCode.usage);
  return [match[1] as string, Number(match[2])];
}

function rangeOf(text: string): [string, { min: number; max: number }] {
  const match = /^(.+)=(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)%?$/.exec(text);
  if (!match) throw new CliError(`${JSON.stringify(text)} is no range: write version=min..max in percent, for example v1=50..100`, ExitCode.usage);
  return [match[1] as string, { min: Number(match[2]), max: Number(match[3]) }];
}

function stickyOf(flags: TrafficFlags): Pick<TrafficInput, 'sticky'> {
  if (!flags.sticky) return { sticky: null };
  if (flags.stickyHeader !== undefined) return { sticky: { header: flags.stickyHeader } };
  return flags.stickyParameter === undefined ? {} : { sticky: { parameter: flags.stickyParameter } };
}

/** Who answers now, in one line; where that is not what the policy wants, both. */
export function trafficNow(service: Pick<ServiceStatus, 'spec' | 'versions'>): string {
  const now = new Map(service.versions.filter(({ weight }) => weight > 0).map(({ version, weight }) => [version, weight]));
  const text = [...now].map(([version, weight]) => `${version}=${weight}`).join(' ') || 'none, nothing answers yet';
  const { traffic } = service.spec;
  if (traffic.kind === 'label') return `${trafficText(service)}, now ${text}`;
  const wanted = Object.entries(traffic.kind === 'version' ? { [traffic.version]: 100 } : traffic.weights);
  const asWanted = wanted.length === now.size && wanted.every(([version, weight]) => Math.abs((now.get(version) ?? 0) - weight) < 0.01);
  return asWanted ? trafficText(service) : `${text} (wanted: ${trafficText(service)})`;
}

/** A service's traffic policy in one line. */
export function trafficText({ spec: { traffic } }: Pick<ServiceStatus, 'spec'>): string {
  if (traffic.kind === 'version') return `all to ${traffic.version}`;
  if (traffic.kind === 'label') return `all to label ${traffic.label}`;
  const weights = Object.entries(traffic.weights).map(([version, weight]) => `${version}=${weight}`).join(' ');
  const ranges = traffic.ranges ? `, moved by the scheduler within ${Object.entries(traffic.ranges).map(([version, { min, max }]) => `${version}=${min}..${max}`).join(' ')}` : '';
  if (!traffic.sticky) return `${weights}${ranges}`;
  return `${weights}${ranges}, sticky by ${'header' in traffic.sticky ? `header ${traffic.sticky.header}` : `parameter ${traffic.sticky.parameter}`}`;
}
