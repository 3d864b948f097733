import type { PlatformConfig } from './types.ts';

/** How a setting's text is read; see `parse.ts`. */
export type SettingType = 'path' | 'postgres-url' | 'address' | 'address-or-off' | 'bytes' | 'milliseconds' | 'count' | 'log-level' | 'on-or-off' | 'text' | 'patterns';

export interface Setting {
  /** Place in `PlatformConfig` and in the configuration file. */
  readonly name: string;
  /** Without the leading dashes. */
  readonly flag: string;
  readonly env: string;
  readonly type: SettingType;
  /** As it would be written; null: none. */
  readonly default: string | null;
  readonly help: string;
}

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const satisfies readonly PlatformConfig['logLevel'][];

const setting = (name: string, flag: string, type: SettingType, fallback: string | null, help: string): Setting => ({
  name,
  flag,
  env: `LEPTON_${flag.replaceAll('-', '_').toUpperCase()}`,
  type,
  default: fallback,
  help,
});

/** Every setting of the server: the source for flags, environment, file, `serve --help` and docs/reference/configuration.md. */
export const SETTINGS: readonly Setting[] = [
  setting('dataDirectory', 'data-dir', 'path', './.lepton-ai', 'Directory of the embedded database, model files, logs and sockets.'),
  setting('databaseUrl', 'database-url', 'postgres-url', null, 'postgres://… for the metadata; without it the embedded database in the data directory.'),
  setting('http', 'http', 'address', '127.0.0.1:8080', 'Address of REST: inference (/v2), management (/api/v1), metrics. Port 0: any free one.'),
  setting('grpc', 'grpc', 'address-or-off', '127.0.0.1:8081', 'Address of gRPC inference, or off.'),
  setting('modelRepository', 'model-repository', 'path', null, 'Triton-style directory NAME/VERSION/model.onnx, imported and served at start.'),
  setting('serverName', 'server-name', 'text', null, 'Name in the server metadata: lepton-ai, or triton with --model-repository, since some of the clients of such a directory ask for it. A gateway that runs on keeps the name that it has.'),
  setting('limits.bodyBytesMax', 'body-bytes-max', 'bytes', '256MiB', 'Largest inference request body, after decompression.'),
  setting('limits.headerBytesMax', 'header-bytes-max', 'bytes', '16KiB', 'Largest HTTP request head.'),
  setting('limits.connectionsMax', 'connections-max', 'count', '4096', 'Most open client connections.'),
  setting('limits.requestReceiveTimeoutMs', 'request-receive-timeout', 'milliseconds', '60s', 'Longest wait for a request to arrive whole.'),
  setting('limits.keepAliveTimeoutMs', 'keep-alive-timeout', 'milliseconds', '75s', 'How long an idle connection stays open.'),
  setting('limits.transferBytesPerSecond', 'transfer-bytes-per-second', 'bytes', '64MiB', 'Of all uploads and downloads together while inference is served; beside none they go as fast as they can.'),
  setting('limits.fileBytesMax', 'file-bytes-max', 'bytes', '16GiB', 'Largest file of a push.'),
  setting('limits.workerBytesMax', 'worker-bytes-max', 'bytes', null, 'Memory of all workers together. What does not fit waits, and versions that are loaded on demand leave for it. Default: what the machine (or our own control group) has, less a tenth and at least 512MiB.'),
  setting('shutdownGraceMs', 'shutdown-grace', 'milliseconds', '30s', 'Longest graceful stop, requests in flight included.'),
  setting('orphanGraceMs', 'orphan-grace', 'milliseconds', '5min', 'How long gateway and workers outlive a dead control process.'),
  setting('frontRow', 'front-row', 'on-or-off', 'on', 'Whether gateways, and workers of models with short runs, come before all other processes while they take little of the machine (round-robin class; takes root).'),
  setting('logLevel', 'log-level', 'log-level', 'info', `One of ${LOG_LEVELS.join(', ')}.`),
  setting('replicaLogBytesMax', 'replica-log-bytes-max', 'bytes', '10MiB', 'Kept of each log: of every replica’s output, of the gateways’ and of control’s own.'),
  setting('endedLogsBytesMax', 'ended-logs-bytes-max', 'bytes', '256MiB', 'Kept of the logs of replicas that are over, all together; the oldest go first.'),
  setting('logRedact', 'log-redact', 'patterns', null, 'Regular expressions of secrets (case does not matter; one a line, in the file a list), taken out of logs and events beside those that are known: passwords, tokens, keys, credentials in URLs.'),
  setting('captureBytesMax', 'capture-bytes-max', 'bytes', '1GiB', 'Of captured requests and answers, all versions together; the oldest go first.'),
  setting('environmentBuildTimeoutMs', 'environment-build-timeout', 'milliseconds', '30min', 'Longest build of a version’s Python environment.'),
  setting('environmentBuildsMax', 'environment-builds-max', 'count', '1', 'Python environments that are built at once.'),
  setting('eventsMax', 'events-max', 'count', '10000', 'Events kept.'),
  setting('scheduler.planIntervalMs', 'plan-interval', 'milliseconds', '3s', 'How often the scheduler plans; at once where demand jumps.'),
  setting('scheduler.holdMs', 'scale-down-after', 'milliseconds', '60s', 'How long replicas stay that demand no longer needs.'),
  setting('scheduler.plansMax', 'plans-max', 'count', '500', 'Executed plans kept, with what they were decided from.'),
  setting('feedback.windowMs', 'feedback-window', 'milliseconds', '30d', 'How old an answer may be that feedback is sent for; later feedback is refused.'),
  setting('feedback.rowsMax', 'feedback-rows-max', 'count', '1000000', 'Feedback kept, one row a prediction, about 250 bytes each; the oldest are removed, their totals stay.'),
  setting('monitoring.historyBytesMax', 'history-bytes-max', 'bytes', '1GiB', 'Largest history of metrics on disk, at least 16MiB; the oldest hours are removed, at the latest after 30 days.'),
];

/** Variables that the client side reads; the rest of `LEPTON_…` belongs to SETTINGS. */
export const CLIENT_VARIABLES = {
  LEPTON_URL: 'Server that the command line and the SDK call. Default: the local platform, started when none runs.',
  LEPTON_USER: 'Name that changes are made under. Default: the login name.',
  LEPTON_CONFIG: 'Configuration file of `serve`, as --config.',
} as const;
