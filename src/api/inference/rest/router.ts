import { LeptonError } from '../../../core/index.ts';
import { MODEL_ACTIONS, type ModelAction } from '../model-control.ts';
import { decodePart } from './exchange.ts';

/** What a path of the protocol asks for. */
export type RouteKind = 'server-metadata' | 'live' | 'server-ready' | 'all-statistics' | 'repository-index' | 'metadata' | 'model-ready' | 'config' | 'statistics' | 'infer' | 'log-settings' | 'trace-settings' | 'feedback' | `shared-memory-${'status' | 'register' | 'unregister'}` | ModelAction;

export interface Route {
  readonly kind: RouteKind;
  readonly methods: readonly ('GET' | 'POST')[];
  /** '' where the path names no model. */
  readonly model: string;
  readonly version: string | null;
}

type Endpoint = Pick<Route, 'kind' | 'methods'>;
const SETTINGS = ['GET', 'POST'] as const;

const SERVER: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['', { kind: 'server-metadata', methods: ['GET'] }],
  ['health/live', { kind: 'live', methods: ['GET'] }],
  ['health/ready', { kind: 'server-ready', methods: ['GET'] }],
  // As in Triton, this path belongs to the statistics of all models, not to a model named `stats`.
  ['models/stats', { kind: 'all-statistics', methods: ['GET'] }],
  ['repository/index', { kind: 'repository-index', methods: ['POST'] }],
  ['feedback', { kind: 'feedback', methods: ['POST'] }],
  ['logging', { kind: 'log-settings', methods: SETTINGS }],
  ['trace/setting', { kind: 'trace-settings', methods: SETTINGS }],
]);
const MODEL: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['', { kind: 'metadata', methods: ['GET'] }],
  ['ready', { kind: 'model-ready', methods: ['GET'] }],
  ['config', { kind: 'config', methods: ['GET'] }],
  ['stats', { kind: 'statistics', methods: ['GET'] }],
  ['infer', { kind: 'infer', methods: ['POST'] }],
  ['trace/setting', { kind: 'trace-settings', methods: SETTINGS }],
]);
const REPOSITORY_MODEL: ReadonlyMap<string, Endpoint> = new Map(MODEL_ACTIONS.map((kind) => [kind, { kind, methods: ['POST'] }]));
const SHARED_MEMORY = /^(?:system|cuda)sharedmemory(?:\/region\/[^/]+)?\/(status|unregister)$|^(?:system|cuda)sharedmemory\/region\/[^/]+\/(register)$/;

/** Matches a path under /v2. Throws ROUTE_NOT_FOUND; the method is the caller's to check. */
export function matchRoute(path: string): Route {
  const rest = path.slice('/v2'.length).replace(/^\//, '').replace(/\/$/, '');
  const server = SERVER.get(rest);
  if (server) return { ...server, model: '', version: null };
  const memory = SHARED_MEMORY.exec(rest);
  if (memory) return memoryRoute((memory[1] ?? memory[2]) as 'status' | 'register' | 'unregister');
  const inRepository = rest.startsWith('repository/');
  const parts = rest.slice(inRepository ? 'repository/'.length : 0).split('/');
  if (parts[0] !== 'models' || !parts[1]) throw notFound(path);
  const versioned = parts[2] === 'versions';
  if (versioned && !parts[3]) throw notFound(path);
  const model = (inRepository ? REPOSITORY_MODEL : MODEL).get(parts.slice(versioned ? 4 : 2).join('/'));
  if (!model) throw notFound(path);
  return { ...model, model: decodePart(parts[1]), version: versioned ? decodePart(parts[3] as string) : null };
}

const memoryRoute = (action: 'status' | 'register' | 'unregister'): Route => ({ kind: `shared-memory-${action}`, methods: [action === 'status' ? 'GET' : 'POST'], model: '', version: null });

const notFound = (path: string): LeptonError => new LeptonError('ROUTE_NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`);
