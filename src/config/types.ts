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
  };
  readonly shutdownGraceMs: number;
  /** How long gateways and workers outlive a dead control. */
  readonly orphanGraceMs: number;
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  /** Bytes kept of each replica's stdout and stderr. */
  readonly replicaLogBytesMax: number;
  /** Longest build of a Python environment. */
  readonly environmentBuildTimeoutMs: number;
  /** Python environments that are built at once. */
  readonly environmentBuildsMax: number;
  /** Events kept. */
  readonly eventsMax: number;
  readonly feedback: {
    /** How old an answer may be that feedback is sent for. */
    readonly windowMs: number;
    /** Feedback kept. */
    readonly rowsMax: number;
  };
}
