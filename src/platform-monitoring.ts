/** What watches the platform, put together for `platform.ts`. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { PlatformConfig } from './config/index.ts';
import { createRedactor, type Redact, systemClock } from './core/index.ts';
import { type PlatformEngine, trimLog } from './deployment-engine/index.ts';
import { type LogSource, LogStore, LogWatch } from './monitoring/logs/index.ts';

export const redactorOf = ({ logRedact }: Pick<PlatformConfig, 'logRedact'>): Redact => createRedactor((logRedact ?? []).map((pattern) => new RegExp(pattern, 'gi')));

export interface LogsDependencies {
  readonly config: PlatformConfig;
  readonly logDirectory: string;
  readonly engine: Pick<PlatformEngine, 'listReplicas'>;
  readonly redact: Redact;
  readonly log: Logger;
}

/** The logs of control, gateways and all replicas that are kept. Watching has not begun. */
export function createLogs({ config, logDirectory, engine, redact, log }: LogsDependencies): { readonly watch: LogWatch; readonly logs: LogStore } {
  const own = (['control', 'gateway'] as const).map((name): LogSource => ({ id: name, file: join(logDirectory, `${name}.log`), process: name, service: null, version: null }));
  const sources = async (): Promise<readonly LogSource[]> => {
    const replicas = await engine.listReplicas({});
    return [...own, ...replicas.map(({ id, service, version }): LogSource => ({ id, file: join(logDirectory, `${id}.log`), process: 'worker', service, version }))];
  };
  const watch = new LogWatch({ sources, bytesMax: config.replicaLogBytesMax, trim: trimLog, now: () => systemClock.now(), onProblem: (message, err) => log.error({ err }, message) });
  return { watch, logs: new LogStore({ sources, watch, redact }) };
}
