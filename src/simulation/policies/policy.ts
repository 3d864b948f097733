import type { Assignment, SchedulerNode } from '../../deployment-engine/scheduler/index.ts';
import type { SimulatedVersion, Trace } from '../trace.ts';

/** What is reserved: replicas and cores by version and node; and where the policy chose, the share of a service's traffic by version. */
export interface Reservation {
  readonly assignments: readonly Pick<Assignment, 'version' | 'node' | 'replicas' | 'cpus'>[];
  readonly shares: ReadonlyMap<string, number>;
  /** From the bound, where it is known; 0 otherwise. */
  readonly gap: number;
}

/** What a policy may see: what has happened, never what will. */
export interface ClusterView {
  readonly seconds: number;
  /** Requests per second since the policy was last asked, by version; of a service, what names no version. */
  readonly versionRate: (id: string) => number;
  readonly serviceRate: (name: string) => number;
  /** CPU used by CPU reserved since then. */
  readonly utilisation: (id: string) => number;
  /** Requests that wait. */
  readonly backlog: (id: string) => number;
  /** Replicas by node, loading ones too. */
  readonly current: (id: string) => Readonly<Record<string, number>>;
}

export interface Policy {
  readonly name: string;
  /** How often it is asked. */
  readonly everySeconds: number;
  /** A version without replica that is asked for gets one at once, where there is room. */
  readonly wakes: boolean;
  decide(view: ClusterView): Reservation;
}

export interface PolicyContext {
  readonly trace: Trace;
  readonly nodes: readonly SchedulerNode[];
  readonly versions: readonly SimulatedVersion[];
}
/** Shares of a service's traffic for policies that do not choose: all alike, within the ranges' maxima. */
export function equalShares({ services }: Trace): ReadonlyMap<string, number> {
  return new Map(services.flatMap(({ ranges }) => {
    const ids = Object.keys(ranges);
    let left = 1 - ids.reduce((sum, id) => sum + (ranges[id]?.min ?? 0), 0);
    const order = ids.sort((a, b) => room(ranges, a) - room(ranges, b));
    return order.map((id, index) => {
      const more = Math.min(room(ranges, id), left / (order.length - index));
      left -= more;
      return [id, (ranges[id]?.min ?? 0) + more] as const;
    });
  }));
}

const room = (ranges: Readonly<Record<string, { readonly min: number; readonly max: number }>>, id: string): number => (ranges[id]?.max ?? 0) - (ranges[id]?.min ?? 0);
