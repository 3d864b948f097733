/** One change of state, who made it and why. Persisted, bounded by count. */
export interface PlatformEvent {
  /** Increasing; for paging and following. */
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly severity: 'info' | 'warning' | 'error';
  /** CamelCase, stable, for machines: `VersionPublished`, `ReplicaFailed`. */
  readonly reason: string;
  /** One sentence with the values. */
  readonly message: string;
  /** Who: a user, or `engine`. */
  readonly actor: string;
  readonly repository: string | null;
  readonly service: string | null;
  readonly version: string | null;
  readonly replica: string | null;
  readonly before: string | null;
  readonly after: string | null;
}

export type EventInput = Pick<PlatformEvent, 'severity' | 'reason' | 'message'> &
  Partial<Pick<PlatformEvent, 'actor' | 'repository' | 'service' | 'version' | 'replica' | 'before' | 'after'>>;

/** Where components announce changes. Recording never throws and never waits on the caller's path. */
export interface EventSink {
  record(event: EventInput): void;
}
