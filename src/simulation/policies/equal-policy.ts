import { Packing } from '../../deployment-engine/scheduler/index.ts';
import { type Trace, unasked } from '../trace.ts';
import { equalShares, type Policy, type Reservation } from './policy.ts';

/** Static equal shares: every version the same cores, once and for all, with as many replicas as can use them and find room. */
export class EqualPolicy implements Policy {
  readonly name = 'equal';
  readonly everySeconds = Number.POSITIVE_INFINITY;
  readonly wakes = false;
  readonly #trace: Trace;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  decide(): Reservation {
    const { nodes } = this.#trace;
    const versions = this.#trace.versions.map((version) => unasked(version));
    const packing = new Packing(nodes, versions);
    const cpus = nodes.reduce((sum, node) => sum + node.cpus, 0) / Math.max(1, versions.length);
    const most = Math.max(1, ...versions.map(({ threads }) => Math.ceil(cpus / threads - 1e-9)));
    for (let round = 0; round < most; round++) {
      for (const version of versions) {
        const replicas = Math.min(version.replicas.max, Math.max(1, Math.ceil(cpus / version.threads - 1e-9)));
        if (round < replicas) packing.add(version, Math.min(version.threads, cpus / replicas));
      }
    }
    return { assignments: [...packing.entries()], shares: equalShares(this.#trace), gap: 0 };
  }
}
