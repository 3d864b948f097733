/** What watches the platform, put together for `platform.ts`. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { PlatformConfig } from './config/index.ts';
import { createRedactor, type EventSink, type Redact, systemClock } from './core/index.ts';
import type { Database } from './database/index.ts';
import { type PlatformEngine, trimLog } from './deployment-engine/index.ts';
import { type AlertMetricName, Alerts, type SampledVersion, VersionSamples, Webhooks } from './monitoring/alerts/index.ts';
import type { CaptureStore } from './monitoring/capture/index.ts';
import type { FeedbackStore, VersionFeedback } from './monitoring/feedback/index.ts';
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

export interface AlertsDependencies {
  readonly database: Database;
  readonly engine: Pick<PlatformEngine, 'listServices'>;
  readonly feedback: Pick<FeedbackStore, 'summary'>;
  readonly capture: Pick<CaptureStore, 'greatestDrift'>;
  readonly events: EventSink;
  readonly log: Logger;
}

/** Alert rules over what engine, gateways and feedback say. Evaluation has not begun. */
export function createAlerts({ database, engine, feedback, capture, events, log }: AlertsDependencies): Alerts {
  const source = new VersionSamples((metrics) => sampleVersions({ engine, feedback, capture }, metrics));
  return new Alerts({ database, source, webhooks: new Webhooks({ now: () => systemClock.now() }), events, clock: systemClock, log });
}

async function sampleVersions({ engine, feedback, capture }: Pick<AlertsDependencies, 'engine' | 'feedback' | 'capture'>, metrics: ReadonlySet<AlertMetricName>): Promise<readonly SampledVersion[]> {
  const asksFeedback = metrics.has('feedback_accuracy') || metrics.has('feedback_reward');
  const sampled: SampledVersion[] = [];
  for (const { name, versions } of await engine.listServices()) {
    const said = asksFeedback ? await feedback.summary(name).then((summary) => summary.versions, (): VersionFeedback[] => []) : [];
    for (const one of versions) {
      const { demand, replicas } = one;
      const drift = metrics.has('drift_psi') ? await capture.greatestDrift(name, one.version).catch(() => null) : null;
      const judged = said.find(({ version, digest }) => version === one.version && digest === one.digest);
      sampled.push({
        service: name, version: one.version, atMs: systemClock.now(),
        requests: demand?.requests ?? 0, faults: demand?.failures ?? 0,
        latencyP50Ms: demand?.latencyP50Ms ?? null, latencyP99Ms: demand?.latencyP99Ms ?? null,
        queueLength: demand?.queueLength ?? 0, inFlight: demand?.inFlight ?? 0,
        memoryBytes: replicas.reduce((sum, { residentBytes }) => sum + (residentBytes ?? 0), 0),
        restarts: one.restarts,
        replicasMissing: Math.max(0, one.replicasDesired - replicas.filter(({ phase }) => phase === 'ready').length),
        weight: one.weight / 100,
        judged: judged?.correct?.count ?? 0, correct: judged?.correct?.correct ?? 0, rewards: judged?.reward?.count ?? 0, rewardSum: judged?.reward?.sum ?? 0,
        driftPsi: drift?.psi ?? null, driftSamples: drift?.samples ?? 0,
      });
    }
  }
  return sampled;
}
