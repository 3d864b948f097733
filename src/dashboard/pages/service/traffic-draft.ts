import type { ServiceStatus, TrafficInput } from '../../../../clients/typescript/src/types.ts';

export type TrafficKind = 'weights' | 'version' | 'label';
export type StickyKind = 'none' | 'header' | 'parameter';

/** What somebody is writing in the traffic editor. */
export interface TrafficDraft {
  readonly kind: TrafficKind;
  /** Percent by version. */
  readonly weights: Readonly<Record<string, number>>;
  readonly version: string;
  readonly label: string;
  readonly sticky: StickyKind;
  readonly stickyName: string;
}

/** The traffic as it is asked for now. */
export function draftOf({ spec, versions }: ServiceStatus): TrafficDraft {
  const { traffic, deployments } = spec;
  const names = deployments.map(({ version }) => version);
  const now = new Map(versions.map(({ version, weight }) => [version, weight]));
  const weights = Object.fromEntries(names.map((name) => [name, traffic.kind === 'weights' ? (traffic.weights[name] ?? 0) : (now.get(name) ?? 0)]));
  const sticky = traffic.kind === 'weights' ? traffic.sticky : null;
  return {
    kind: traffic.kind,
    weights,
    version: traffic.kind === 'version' ? traffic.version : (names.toSorted((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0))[0] ?? ''),
    label: traffic.kind === 'label' ? traffic.label : '',
    sticky: sticky === null ? 'none' : 'header' in sticky ? 'header' : 'parameter',
    stickyName: sticky === null ? '' : 'header' in sticky ? sticky.header : sticky.parameter,
  };
}

/** Of the weights, rounded so that thirds add up. */
export const weightSum = ({ weights }: TrafficDraft): number => Math.round(Object.values(weights).reduce((total, weight) => total + weight, 0) * 1000) / 1000;

export type DraftFault = 'sum' | 'stickyName' | 'label' | 'version';

/** What is missing before the draft can be sent. */
export function faultOf(draft: TrafficDraft): DraftFault | null {
  if (draft.kind === 'version') return draft.version ? null : 'version';
  if (draft.kind === 'label') return draft.label ? null : 'label';
  if (weightSum(draft) !== 100) return 'sum';
  return draft.sticky !== 'none' && !draft.stickyName.trim() ? 'stickyName' : null;
}

export function inputOf(draft: TrafficDraft): TrafficInput {
  if (draft.kind === 'version') return { version: draft.version };
  if (draft.kind === 'label') return { label: draft.label };
  const name = draft.stickyName.trim();
  return { weights: { ...draft.weights }, sticky: draft.sticky === 'none' ? null : draft.sticky === 'header' ? { header: name } : { parameter: name } };
}

/** One weight set, the rest of 100 shared by the others as they stood to each other. */
export function withWeight(draft: TrafficDraft, version: string, weight: number): TrafficDraft {
  const wanted = Math.min(100, Math.max(0, weight));
  const others = Object.keys(draft.weights).filter((name) => name !== version);
  const before = others.reduce((total, name) => total + (draft.weights[name] ?? 0), 0);
  const rest = 100 - wanted;
  const shares = others.map((name) => (before > 0 ? ((draft.weights[name] ?? 0) / before) * rest : rest / others.length));
  return { ...draft, weights: { ...draft.weights, [version]: wanted, ...Object.fromEntries(others.map((name, index) => [name, wholeShare(shares, index, rest)])) } };
}

export function evenly(draft: TrafficDraft): TrafficDraft {
  const names = Object.keys(draft.weights);
  const shares = names.map(() => 100 / names.length);
  return { ...draft, weights: Object.fromEntries(names.map((name, index) => [name, wholeShare(shares, index, 100)])) };
}

/** Tenths of a percent whose sum stays `total`: each is the difference of two rounded running sums. */
function wholeShare(shares: readonly number[], index: number, total: number): number {
  const upTo = (count: number): number => (count === shares.length ? Math.round(total * 10) : Math.round(shares.slice(0, count).reduce((sum, share) => sum + share, 0) * 10));
  return (upTo(index + 1) - upTo(index)) / 10;
}
