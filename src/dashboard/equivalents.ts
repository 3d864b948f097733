import type { DeploymentState, TrafficInput } from '../../clients/typescript/src/types.ts';
import { shellWord } from './text.ts';

/** What somebody would type for the same thing. */
export interface Equivalent {
  readonly cli: string;
  readonly curl: string;
}

interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Under /api/v1, its names encoded. */
  readonly path: string;
  readonly body?: unknown;
}

/** Where and as whom. */
export interface Caller {
  readonly origin: string;
  readonly user: string;
}

function equivalent(words: readonly string[], { method, path, body }: Call, { origin, user }: Caller): Equivalent {
  const cli = ['lepton-ai', ...words].map(shellWord).join(' ');
  const parts = ['curl', ...(method === 'GET' ? [] : ['-X', method]), shellWord(`${origin}/api/v1${path}`)];
  if (method !== 'GET') parts.push('-H', shellWord(`lepton-user: ${user}`));
  if (body !== undefined) parts.push('-H', shellWord('content-type: application/json'), '-d', shellWord(JSON.stringify(body)));
  return { cli, curl: parts.join(' ') };
}

const part = encodeURIComponent;
const reasonWords = (reason: string | undefined): string[] => (reason ? ['--reason', reason] : []);
const withReason = (body: object, reason: string | undefined): object => (reason ? { ...body, reason } : body);

export function trafficEquivalent(service: string, traffic: TrafficInput, reason: string | undefined, caller: Caller): Equivalent {
  return equivalent(['traffic', service, ...trafficWords(traffic), ...reasonWords(reason)], { method: 'PUT', path: `/services/${part(service)}/traffic`, body: withReason({ traffic }, reason) }, caller);
}

function trafficWords({ weights, version, label, sticky, default: defaultVersion }: TrafficInput): string[] {
  const words = weights ? Object.entries(weights).map(([name, weight]) => `${name}=${weight}`) : version !== undefined ? ['--version', version] : label !== undefined ? ['--label', label] : [];
  if (sticky && 'header' in sticky) words.push('--sticky-header', sticky.header);
  if (sticky && 'parameter' in sticky) words.push('--sticky-parameter', sticky.parameter);
  if (weights && sticky === null) words.push('--no-sticky');
  if (defaultVersion) words.push('--default', defaultVersion);
  if (defaultVersion === null) words.push('--no-default');
  return words;
}

export function rollbackEquivalent(service: string, revision: number, reason: string | undefined, caller: Caller): Equivalent {
  return equivalent(['rollback', service, String(revision), ...reasonWords(reason)], { method: 'POST', path: `/services/${part(service)}/rollback`, body: withReason({ revision }, reason) }, caller);
}

const STATE_COMMANDS: Readonly<Record<DeploymentState, string>> = { loaded: 'load', warm: 'warm', drained: 'drain', unloaded: 'unload' };

export function stateEquivalent(service: string, version: string, state: DeploymentState, options: { readonly force?: boolean; readonly reason?: string | undefined }, caller: Caller): Equivalent {
  const { force = false, reason } = options;
  const words = [STATE_COMMANDS[state], `${service}:${version}`, ...(force ? ['--force'] : []), ...reasonWords(reason)];
  return equivalent(words, { method: 'PUT', path: `/services/${part(service)}/deployments/${part(version)}/state`, body: withReason({ state, ...(force ? { force } : {}) }, reason) }, caller);
}

export function scheduleEquivalent(service: string, version: string, priority: number, replicas: { readonly min: number; readonly max: number }, reason: string | undefined, caller: Caller): Equivalent {
  const words = ['schedule', service, version, '--priority', String(priority), '--replicas', replicas.min === replicas.max ? String(replicas.min) : `${replicas.min}..${replicas.max}`, ...reasonWords(reason)];
  return equivalent(words, { method: 'PATCH', path: `/services/${part(service)}/deployments/${part(version)}`, body: withReason({ priority, replicas }, reason) }, caller);
}

export function labelEquivalent(repository: string, label: string, version: string, expect: string | null, caller: Caller): Equivalent {
  return equivalent(['label', 'set', repository, label, version], { method: 'PUT', path: `/repositories/${part(repository)}/labels/${part(label)}`, body: { version, expect } }, caller);
}

export function deleteLabelEquivalent(repository: string, label: string, caller: Caller): Equivalent {
  return equivalent(['label', 'delete', repository, label], { method: 'DELETE', path: `/repositories/${part(repository)}/labels/${part(label)}` }, caller);
}

export function gcEquivalent(dryRun: boolean, caller: Caller): Equivalent {
  return equivalent(['gc', ...(dryRun ? ['--dry-run'] : [])], { method: 'POST', path: '/gc', body: { dryRun } }, caller);
}

export const fsckEquivalent = (caller: Caller): Equivalent => equivalent(['fsck'], { method: 'POST', path: '/fsck', body: {} }, caller);
