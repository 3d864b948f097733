import type { GatewayLimits, ListenAddress } from '../wire/index.ts';

/** The platform's whole configuration: validated, frozen, every default filled in. */
export interface PlatformConfig {
  /** Absolute. Holds the embedded database, blobs, logs, sockets. */
  readonly dataDirectory: string;
  /** null: the embedded database in the data directory; otherwise `postgres://…`. */
  readonly databaseUrl: string | null;
  readonly http: ListenAddress;
  readonly grpc: ListenAddress | null;
  /** A Triton-style directory that is imported and served at start. */
  readonly modelRepository: string | null;
  /** In the server metadata; null: `lepton-ai`, or `triton` with a model repository. */
  readonly serverName: string | null;
  readonly limits: GatewayLimits & {
    /** Largest file of a push. */
    readonly fileBytesMax: number;
    /** Memory of all workers together; null: what the machine or our own group has, without a reserve. */
    readonly workerBytesMax: number | null;
  };
  readonly shutdownGraceMs: number;
  /** How long gateways and workers outlive a dead control. */
  readonly orphanGraceMs: number;
  /** Whether processes that answer quickly and take little may come before all others. */
  readonly frontRow: boolean;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** Bytes kept of each replica's stdout and stderr, of the gateways' log and of control's. */
  readonly replicaLogBytesMax: number;
  /** Bytes kept of the logs of replicas that are over, all together. */
  readonly endedLogsBytesMax: number;
  /** Regular expressions of what is taken out of logs beside the secrets that are known; null: nothing more. */
  readonly logRedact: readonly string[] | null;
  /** Bytes kept of captured requests and answers. */
  readonly captureBytesMax: number;
  /** Longest build of a Python environment. */
  readonly environmentBuildTimeoutMs: number;
  /** Python environments that are built at once. */
  readonly environmentBuildsMax: number;
  /** Events kept. */
  readonly eventsMax: number;
  readonly scheduler: {
    readonly planIntervalMs: number;
    /** How long replicas stay that demand no longer needs. */
    readonly holdMs: number;
    /** Executed plans kept. */
    readonly plansMax: number;
  };
  readonly feedback: {
    /** How old an answer may be that feedback is sent for. */
    readonly windowMs: number;
    /** Feedback kept. */
    readonly rowsMax: number;
  };
  readonly monitoring: {
    /** Of the history of metrics on disk. */
    readonly historyBytesMax: number;
  };
}
