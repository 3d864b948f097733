import { LeptonError } from '../../../core/index.ts';

/** What a path of the protocol asks for. */
export type RouteKind = 'server-metadata' | 'live' | 'server-ready' | 'all-statistics' | 'repository-index' | 'metadata' | 'model-ready' | 'config' | 'statistics' | 'infer';

export interface Route {
  readonly kind: RouteKind;
  readonly method: 'GET' | 'POST';
  /** '' where the path names no model. */
  readonly model: string;
  readonly version: string | null;
}

const SERVER: ReadonlyMap<string, Pick<Route, 'kind' | 'method'>> = new Map([
  ['', { kind: 'server-metadata', method: 'GET' }],
  ['health/live', { kind: 'live', method: 'GET' }],
  ['health/ready', { kind: 'server-ready', method: 'GET' }],
  // As in Triton, this path belongs to the statistics of all models, not to a model named `stats`.
  ['models/stats', { kind: 'all-statistics', method: 'GET' }],
  ['repository/index', { kind: 'repository-index', method: 'POST' }],
]);
const MODEL: ReadonlyMap<string, Pick<Route, 'kind' | 'method'>> = new Map([
  ['', { kind: 'metadata', method: 'GET' }],
  ['ready', { kind: 'model-ready', method: 'GET' }],
  ['config', { kind: 'config', method: 'GET' }],
  ['stats', { kind: 'statistics', method: 'GET' }],
  ['infer', { kind: 'infer', method: 'POST' }],
]);

/** Matches a path under /v2. Throws ROUTE_NOT_FOUND; the method is the caller's to check. */
export function matchRoute(path: string): Route {
  const rest = path.slice('/v2'.length).replace(/^\//, '').replace(/\/$/, '');
  const server = SERVER.get(rest);
  if (server) return { ...server, model: '', version: null };
  const parts = rest.split('/');
  if (parts[0] !== 'models' || !parts[1]) throw notFound(path);
  const versioned = parts[2] === 'versions';
  if (versioned && !parts[3]) throw notFound(path);
  const model = MODEL.get(parts.slice(versioned ? 4 : 2).join('/'));
  if (!model) throw notFound(path);
  return { ...model, model: decode(parts[1]), version: versioned ? decode(parts[3] as string) : null };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `'${part.slice(0, 100)}' in the path is not valid percent-encoding`, { cause });
  }
}

const notFound = (path: string): LeptonError => new LeptonError('ROUTE_NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`);
