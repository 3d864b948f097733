import { LeptonError } from '../../../../core/index.ts';
import { decodePart } from '../../rest/exchange.ts';
import type { Target } from '../infer-by-signature.ts';

export type Verb = 'predict' | 'classify' | 'regress' | 'explain';

/** What a path under /v1/models/MODEL asks for. */
export interface ModelPath extends Target {
  readonly kind: Verb | 'status' | 'metadata';
  readonly method: 'GET' | 'POST';
}

const PATH = /^\/v1\/models\/([^/:]+)(?:\/versions\/([^/:]+)|\/labels\/([^/:]+))?(?::(\w+)|\/(metadata))?\/?$/i;
const VERBS: readonly Verb[] = ['predict', 'classify', 'regress', 'explain'];

/** Matches `/v1/models/M[/versions/V|/labels/L][:VERB|/metadata]`. Throws ROUTE_NOT_FOUND; the method is the caller's to check. */
export function matchModelPath(path: string): ModelPath {
  // Some clients encode the colon, which no name can hold.
  const match = PATH.exec(path.replace(/%3a/gi, ':'));
  if (!match) throw new LeptonError('ROUTE_NOT_FOUND', `there is nothing at ${path.slice(0, 200)}; paths are /v1/models/MODEL[/versions/VERSION|/labels/LABEL][:predict|/metadata]`);
  const [, model = '', version, label, verb, metadata] = match;
  const target = { model: decodePart(model), version: version === undefined ? null : decodePart(version), label: label === undefined ? null : decodePart(label) };
  if (verb === undefined) return { ...target, kind: metadata === undefined ? 'status' : 'metadata', method: 'GET' };
  const kind = VERBS.find((each) => each === verb.toLowerCase());
  if (!kind) throw new LeptonError('ROUTE_NOT_FOUND', `':${verb.slice(0, 100)}' is nothing that a model can be asked; there is :predict`);
  return { ...target, kind, method: 'POST' };
}
