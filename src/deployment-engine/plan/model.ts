/**
 * What the planner sees and says. Everything here is data: the reconciler fills a `ServiceView`, `plan` answers with
 * actions, and `serviceRoute` with what gateways should know. No clock, no I/O.
 */
import type { DeploymentSpec, LoadProfile, ReplicaPhase, ReplicaReason, ReplicaRoute, ServiceSpec } from '../../core/index.ts';

/** A revision whose traffic policy is in force. */
export interface Serving {
  readonly revision: number;
  readonly spec: ServiceSpec;
  /** false: only those of its versions that are ready answer, since there was nothing that served before. */
  readonly complete: boolean;
}

export interface ReplicaView {
  readonly id: string;
  readonly version: string;
  readonly digest: string;
  /** See `shapeOf`: what it runs, and how. */
  readonly shape: string;
  readonly phase: ReplicaPhase;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When it began to drain; null before. */
  readonly drainingSince: number | null;
  readonly drainTimeoutMs: number;
  /** Out of the routing table, every gateway has left it and nothing is in flight. */
  readonly idle: boolean;
  readonly route: ReplicaRoute;
  readonly profile: LoadProfile | null;
  /** What it waits for before its worker can start; null or absent: nothing. */
  readonly building?: string | null;
}

/** What the scheduler gives a version now, all its replicas together. */
export interface Allocation {
  /** Kept within what the deployment allows. */
  readonly replicas: number;
  /** Cores; null: not decided. */
  readonly cpus: number | null;
  /** One sentence, for people. */
  readonly reason: string;
}

/** Why a version is not started: there is no memory for it. */
export interface Held {
  /** However empty the machine were; false: it waits for others to leave. */
  readonly final: boolean;
  readonly message: string;
}

/** Failures in a row of one shape. */
export interface Failure {
  readonly failures: number;
  readonly reason: ReplicaReason;
  readonly message: string;
  /** The same artefact would fail the same way again: a load or a known answer failed. */
  readonly deterministic: boolean;
  readonly nextStartAt: number;
  /** When the last of them happened, milliseconds since the epoch. */
  readonly at: number;
}

export interface ServiceView {
  readonly name: string;
  /** null: the service shall go. */
  readonly desired: { readonly revision: number; readonly spec: ServiceSpec } | null;
  readonly serving: Serving | null;
  /** Without stopped and failed ones. */
  readonly replicas: readonly ReplicaView[];
  readonly failures: ReadonlyMap<string, Failure>;
  /** When a version that served lost its last ready replica, by version. */
  readonly unreadySince: ReadonlyMap<string, number>;
  /** `repository:label` → version. */
  readonly labels: ReadonlyMap<string, string>;
  /** By shape: what its replicas measured when they were last loaded; such a version may sleep, since it is known to load. */
  readonly profiles: ReadonlyMap<string, LoadProfile>;
  /** Versions whose start waits for memory, and why. */
  readonly held: ReadonlyMap<string, Held>;
  /** Percent of the traffic by version, where the policy leaves it to the scheduler and it has decided. */
  readonly shares?: Readonly<Record<string, number>> | null;
  /** By version; one without has what its deployment asks for at least, and one. */
  readonly allocations: ReadonlyMap<string, Allocation>;
}

export type Action =
  | { readonly kind: 'start'; readonly deployment: DeploymentSpec }
  /** Ready → draining: leaves the routing table first. */
  | { readonly kind: 'drain'; readonly replica: string; readonly reason: ReplicaReason; readonly message: string }
  | { readonly kind: 'stop'; readonly replica: string; readonly reason: ReplicaReason; readonly message: string }
  /** A revision's traffic policy comes into force. */
  | { readonly kind: 'serve'; readonly serving: Serving }
  /** Nothing of a service that shall go is left. */
  | { readonly kind: 'forget' };

export interface Plan {
  readonly actions: readonly Action[];
  /** When time alone will change the answer, milliseconds since the epoch; null: not. */
  readonly wakeAt: number | null;
}

/** How long, and how many failures in a row, requests wait for a version that served and is being restarted. */
export const RECOVERY_MS = 15_000;
export const RECOVERY_FAILURES_MAX = 8;

/** Two replicas are interchangeable for requests and resources if their shapes are equal. Batching and time-outs live in the routing table; limits change while a worker runs. */
export function shapeOf(deployment: Pick<DeploymentSpec, 'version' | 'digest' | 'resources'>): string {
  const { threads, network, storageBytes } = deployment.resources;
  return [deployment.version, deployment.digest, threads, network, storageBytes ?? 'default'].join('|');
}
