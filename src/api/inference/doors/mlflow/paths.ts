import { LeptonError } from '../../../../core/index.ts';
import { decodePart } from '../../rest/exchange.ts';
import type { Target } from '../infer-by-signature.ts';

/** What a path under /mlflow asks for. */
export interface ServicePath extends Target {
  readonly kind: 'invocations' | 'ping' | 'version';
  readonly method: 'GET' | 'POST';
}

const PATH = /^\/mlflow\/([^/]+)(?:\/versions\/([^/]+)|\/labels\/([^/]+))?\/(invocations|ping|health|version)\/?$/;

/** Matches `/mlflow/SERVICE[/versions/V|/labels/L]/{invocations,ping,health,version}`. Throws ROUTE_NOT_FOUND. */
export function matchServicePath(path: string): ServicePath {
  const match = PATH.exec(path);
  if (!match) throw new LeptonError('ROUTE_NOT_FOUND', `there is nothing at ${path.slice(0, 200)}; paths are /mlflow/SERVICE[/versions/VERSION|/labels/LABEL]/{invocations,ping,health,version}`);
  const [, model = '', version, label, name] = match;
  const kind = name === 'invocations' || name === 'version' ? name : 'ping';
  return { kind, method: kind === 'invocations' ? 'POST' : 'GET', model: decodePart(model), version: version === undefined ? null : decodePart(version), label: label === undefined ? null : decodePart(label) };
}
