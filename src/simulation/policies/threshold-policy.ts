import { currentReplicas, Packing, type SchedulerVersion } from '../../deployment-engine/scheduler/index.ts';
import { type Trace, unasked } from '../trace.ts';
import { type ClusterView, equalShares, type Policy, type Reservation } from './policy.ts';

/** Kubernetes' horizontal pod autoscaler with its defaults: every 15 s, 10 % tolerance, up by 100 % or 4 at once, down after 300 s. */
const EVERY_SECONDS = 15;
const TOLERANCE = 0.1;
const UP_MIN = 4;
const DOWN_SECONDS = 300;
/** CPU used by CPU requested that is aimed at. */
const TARGET = 0.7;
/** Cores that each replica requests, at most what it can use. */
const CPU_REQUEST = 0.5;

/** Threshold autoscaling on CPU: replicas by how much of what they requested they use, at least one each; new ones go to the emptiest node. */
export class ThresholdPolicy implements Policy {
  readonly name = 'threshold';
  readonly everySeconds = EVERY_SECONDS;
  readonly wakes = false;
  readonly #trace: Trace;
  /** What was wanted lately, by version; when and how many. */
  readonly #wanted = new Map<string, { readonly seconds: number; readonly replicas: number }[]>();

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  decide(view: ClusterView): Reservation {
    const { nodes } = this.#trace;
    const versions = this.#trace.versions.map((version) => unasked(version, view.current(version.id)));
    const packing = new Packing(nodes, versions);
    const targets = new Map(versions.map((version) => [version.id, this.#target(version, view)]));
    const request = (version: SchedulerVersion): number => Math.min(version.threads, CPU_REQUEST);
    for (const version of versions) {
      for (const [node, count] of Object.entries(version.current)) {
        for (let index = 0; index < count && packing.count(version.id) < (targets.get(version.id) ?? 0); index++) packing.add(version, request(version), new Set([node]));
      }
    }
    for (const version of versions) {
      // A pod that finds no node with its request stays pending.
      while (packing.count(version.id) < (targets.get(version.id) ?? 0)) if (!packing.hasRoom(version, request(version)) || packing.add(version, request(version)) === null) break;
    }
    return { assignments: [...packing.entries()], shares: equalShares(this.#trace), gap: 0 };
  }

  #target(version: SchedulerVersion, view: ClusterView): number {
    const now = currentReplicas(version);
    const ratio = view.utilisation(version.id) / TARGET;
    const raw = now === 0 ? 1 : Math.abs(ratio - 1) <= TOLERANCE ? now : Math.ceil(now * ratio - 1e-9);
    const bounded = Math.min(version.replicas.max, Math.max(1, version.replicas.min, Math.min(raw, Math.max(now * 2, now + UP_MIN))));
    const lately = [...(this.#wanted.get(version.id) ?? []).filter(({ seconds }) => view.seconds - seconds < DOWN_SECONDS), { seconds: view.seconds, replicas: bounded }];
    this.#wanted.set(version.id, lately);
    return bounded >= now ? bounded : Math.min(now, Math.max(...lately.map(({ replicas }) => replicas)));
  }
}
