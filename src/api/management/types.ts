import type { FastifyBaseLogger } from 'fastify';
import type { HostIsolation, PlatformEvent } from '../../core/index.ts';
import type { DeploymentEngine, Environments } from '../../deployment-engine/index.ts';
import type { ModelRepository } from '../../model-repository/index.ts';
import type { Alerts } from '../../monitoring/alerts/index.ts';
import type { VersionComparison } from '../../monitoring/compare/index.ts';
import type { HistoryKeeper } from '../../monitoring/history/index.ts';
import type { CaptureStore } from '../../monitoring/capture/index.ts';
import type { FeedbackStore } from '../../monitoring/feedback/index.ts';
import type { LogStore } from '../../monitoring/logs/index.ts';

/** Which events; all given conditions must hold. */
export interface EventFilter {
  readonly service?: string;
  readonly repository?: string;
  /** This severity and the graver ones. */
  readonly severity?: PlatformEvent['severity'];
}

/** Where recorded events are read. The event store of `monitoring/events` is one. */
export interface EventFeed {
  /** Oldest first, with ids above `after`. Without `after`: the newest `limit`, still oldest first. */
  list(filter: EventFilter & { readonly after?: number; readonly limit?: number }): Promise<readonly PlatformEvent[]>;
  /** Calls for each new event, in order of ids, after it can be listed; returns the function that ends it. */
  subscribe(listener: (event: PlatformEvent) => void): () => void;
}

/** What is true of the running platform, for `GET /api/v1/status`. */
export interface StatusFacts {
  readonly platformVersion: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Where clients call, with the real ports; null until the gateway listens. */
  readonly httpUrl: string | null;
  readonly grpcAddress: string | null;
  readonly dataDirectory: string;
  readonly database: 'sqlite' | 'postgres';
  /** Of workers on this host, as was tried out at start. */
  readonly isolation: HostIsolation;
}

/** What an import of a Triton-style directory did. */
export interface ImportReport {
  readonly models: readonly ImportedModel[];
  /** What could not be imported, one text for each cause; the rest was. */
  readonly problems: readonly string[];
  /** What was imported, but is not served as its files say. */
  readonly warnings: readonly string[];
}
export interface ImportedModel {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly outcome: 'created' | 'unchanged' | 'failed'; readonly message: string }[];
  /** The service that was made or extended; null: none asked for or nothing to serve. */
  readonly service: string | null;
}

/** Everything that the management API needs, built by `platform.ts`. */
export interface ManagementDependencies {
  readonly repository: ModelRepository;
  readonly engine: DeploymentEngine;
  readonly environments: Pick<Environments, 'list' | 'register' | 'gc'>;
  readonly events: EventFeed;
  readonly logs: LogStore;
  readonly alerts: Alerts;
  readonly capture: CaptureStore;
  readonly feedback: Pick<FeedbackStore, 'send' | 'list' | 'summary'>;
  readonly history: Pick<HistoryKeeper, 'metrics' | 'status' | 'query'>;
  readonly comparison: Pick<VersionComparison, 'compare'>;
  /** Prometheus text of the control process, for the gateway's `/metrics`. */
  readonly controlMetrics: { text(): Promise<string> };
  /** Read at each request. */
  readonly status: () => StatusFacts;
  /** Imports a directory of the server's own file system; `deploy`: also makes services. */
  readonly importDirectory: (directory: string, options: { readonly deploy: boolean; readonly by: string }) => Promise<ImportReport>;
  /** Largest file of a push, bytes. */
  readonly fileBytesMax: number;
  /** Where the dashboard's files are. */
  readonly dashboardDirectory: string;
  readonly log: FastifyBaseLogger;
}
