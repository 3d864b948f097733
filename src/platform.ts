import { openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { createCallAnswerer, createManagementServer, type ImportReport, type StatusFacts } from './api/management/index.ts';
import { dashboardPath, type PlatformConfig, programPath } from './config/index.ts';
import { asLeptonError, type EventSink, PREDICTION_KEY_BYTES, systemClock } from './core/index.ts';
import { type Database, lockDataDirectory, openDatabase, platformSecret } from './database/index.ts';
import { createDeploymentEngine, Environments, LocalTarget, PlatformGroups, type PlatformEngine, runDirectory, runtimesWith, serveImported } from './deployment-engine/index.ts';
import { checkTritonRoot, createModelRepository, type ImportProblem, importTritonDirectory, type ModelRepository } from './model-repository/index.ts';
import { CaptureStore } from './monitoring/capture/index.ts';
import { EventStore } from './monitoring/events/index.ts';
import { FeedbackMetrics, FeedbackStore } from './monitoring/feedback/index.ts';
import { VersionComparison } from './monitoring/compare/index.ts';
import { HistoryKeeper } from './monitoring/history/index.ts';
import { LogStream } from './monitoring/logs/index.ts';
import { createAlerts, createLogs, redactorOf } from './platform-monitoring.ts';
import { PLATFORM_VERSION } from './version.ts';

/** A running platform. */
export interface Platform {
  readonly status: () => StatusFacts;
  readonly engine: PlatformEngine;
  readonly repository: ModelRepository;
  /** What `config.modelRepository` gave; null: none was asked for. */
  readonly imported: ImportReport | null;
  /** Stops accepting, drains, ends gateways and workers within the grace; then lets the data directory go. */
  stop(options: { graceMs: number }): Promise<void>;
}

/** Asks a start to end. */
export interface StartInterrupt {
  readonly stop: AbortSignal;
  readonly now: AbortSignal;
}
/** `control`: the process is there for the platform alone and joins its control group; `guest`: the platform runs inside a program of somebody else. */
export type ProcessRole = 'control' | 'guest';
const UNINTERRUPTED: StartInterrupt = { stop: new AbortController().signal, now: new AbortController().signal };

const CLOSE_TIMEOUT_MS = 2_000;
const STDERR = 2;

/**
 * The composition root: builds every part and starts it. Rejects, with everything let go again, when the data directory
 * is another server's (DATA_DIRECTORY_LOCKED), an address is in use (PRECONDITION_FAILED), or a directory that the
 * configuration names can't be used (INVALID_ARGUMENT).
 *
 *   model directory readable? → lock → database → repository, events → engine → management API → gateways and workers adopted or started → import
 *
 * `interrupt.stop` ends the start at its next step, `interrupt.now` at once; both reject with the signal's reason, with
 * gateways and workers ended.
 */
export async function createPlatform(config: PlatformConfig, interrupt: StartInterrupt = UNINTERRUPTED, role: ProcessRole = 'guest'): Promise<Platform> {
  const cleanups: (() => unknown)[] = [];
  try {
    return await orAborted(compose(config, cleanups, interrupt, role), interrupt.now);
  } catch (error) {
    for (const cleanup of cleanups.reverse()) await cleanup();
    throw error;
  }
}

/** Rejects when the signal comes first; what the work still does is nobody's concern then. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const listener = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', listener, { once: true });
  return Promise.race([work, aborted.promise]).finally(() => signal.removeEventListener('abort', listener));
}

async function compose(config: PlatformConfig, cleanups: (() => unknown)[], { stop, now }: StartInterrupt, role: ProcessRole): Promise<Platform> {
  const { dataDirectory } = config;
  const startedAt = new Date().toISOString();
  if (config.modelRepository !== null) await checkTritonRoot(config.modelRepository);
  const lock = lockDataDirectory(dataDirectory, { pid: process.pid, since: startedAt });
  cleanups.push(() => lock.release());
  const logDirectory = join(dataDirectory, 'logs');
  await mkdir(logDirectory, { recursive: true, mode: 0o700 });
  const log = openLog(config, join(logDirectory, 'control.log'));
  const redact = redactorOf(config);
  const database = await openDatabase({ dataDirectory, url: config.databaseUrl });
  cleanups.push(() => database.close());
  const events = new EventStore({ database, clock: systemClock, eventsMax: config.eventsMax, onProblem: (message, cause) => log.error({ err: cause }, message) });
  cleanups.push(() => events.flush());
  const repository = createModelRepository({ database, directory: dataDirectory, events, clock: systemClock, fileBytesMax: config.limits.fileBytesMax });
  const predictionKey = await platformSecret(database, 'prediction-key', PREDICTION_KEY_BYTES);
  const feedbackMetrics = new FeedbackMetrics();
  const feedback = new FeedbackStore({ database, clock: systemClock, predictionKey, ...config.feedback, metrics: feedbackMetrics });
  const history = new HistoryKeeper({ dataDirectory, bytesMax: config.monitoring.historyBytesMax, threadFile: programPath('history'), clock: systemClock, onProblem: (message, cause) => log.warn({ err: cause }, message) });
  cleanups.push(() => within(CLOSE_TIMEOUT_MS, history.close()));
  const run = await runDirectory(dataDirectory);
  const controlSocketPath = join(run, 'control.sock');
  const environments = new Environments({ directory: join(dataDirectory, 'environments'), events, buildTimeoutMs: config.environmentBuildTimeoutMs, buildsMax: config.environmentBuildsMax });
  await environments.recover();
  const groups = new PlatformGroups({ runDirectory: run, joinsControl: role === 'control' });
  cleanups.push(() => groups.leave());
  const target = new LocalTarget({ runDirectory: run, hidden: [dataDirectory], groups, redact });
  const isolation = await target.isolation();
  for (const [slot, { enforced, reason }] of Object.entries(isolation)) if (!enforced) log.warn({ slot }, `workers are not isolated here as to ${slot}: ${reason}`);
  const capture = new CaptureStore({ database, directory: join(dataDirectory, 'capture'), bytesMax: config.captureBytesMax, events, clock: systemClock, onProblem: (message, err) => log.error({ err }, message) });
  await capture.start();
  const engine = createDeploymentEngine({
    database, repository, events, log, logDirectory,
    clock: systemClock,
    target,
    runtimeFor: runtimesWith(environments),
    runDirectory: run, groups,
    gateway: { settings: gatewaySettings(config, controlSocketPath, predictionKey), answerCall: history.answerCall(capture.answerCall((...question) => answerCall(...question))) },
    endedLogsBytesMax: config.endedLogsBytesMax,
    orphanGraceMs: config.orphanGraceMs,
    workerBytesMax: config.limits.workerBytesMax,
    scheduler: { ...config.scheduler, program: programPath('solver') },
    frontRow: config.frontRow,
  });
  const { watch, logs } = createLogs({ config, logDirectory, engine, redact, log });
  cleanups.push(() => watch.stop());
  const alerts = createAlerts({ database, engine, feedback, capture, events, log });
  cleanups.push(() => alerts.stop());
  const status = (): StatusFacts => statusFacts(config, engine, database, { startedAt, isolation });
  const importDirectory = (directory: string, options: { readonly deploy: boolean; readonly by: string }): Promise<ImportReport> => importAndServe({ repository, engine, events }, directory, options);
  const comparison = new VersionComparison({ history, feedback, versions: (service) => engine.getService(service).then(({ versions }) => versions.map(({ version }) => version), () => []), now: () => systemClock.now() / 1000 });
  const server = createManagementServer({ repository, engine, environments, events, feedback, history, comparison, logs, alerts, capture, controlMetrics: { text: async () => `${await engine.metrics.text()}\n${await feedbackMetrics.text()}` }, status, importDirectory, fileBytesMax: config.limits.fileBytesMax, dashboardDirectory: dashboardPath(), log });
  const answerCall = createCallAnswerer(server);
  await rm(controlSocketPath, { force: true });
  await server.listen({ path: controlSocketPath });
  cleanups.push(() => within(CLOSE_TIMEOUT_MS, server.close()));
  // A fault leaves to the next control what runs; who asked for a stop wants it ended.
  cleanups.push(() => (stop.aborted ? engine.stop({ graceMs: now.aborted ? 0 : config.shutdownGraceMs }).then(() => target.close()).then(() => groups.close()) : engine.detach()));
  stop.throwIfAborted();
  await engine.start({ ready: config.modelRepository === null });
  watch.start();
  history.start(() => engine.listServices(), events);
  await alerts.start();
  stop.throwIfAborted();
  lock.update({ pid: process.pid, since: startedAt, url: status().httpUrl });
  const imported = config.modelRepository === null ? null : await importAtStart((directory, options) => importAndServe({ repository, engine, events }, directory, { ...options, signal: stop }), config.modelRepository, events, stop);
  return {
    status, engine, repository, imported,
    async stop({ graceMs }) {
      watch.stop();
      await within(CLOSE_TIMEOUT_MS, alerts.stop());
      await Promise.all([within(CLOSE_TIMEOUT_MS, server.close()), engine.stop({ graceMs })]);
      await target.close();
      // Nothing runs any more; a database that does not answer must not hold up the end.
      for (const work of [() => history.close(), () => events.flush(), () => database.close()]) await within(CLOSE_TIMEOUT_MS, work()).catch((error: unknown) => log.error({ err: error }, 'the database could not be closed properly'));
      await groups.close();
      await rm(controlSocketPath, { force: true });
      lock.release();
    },
  };
}

/** JSON lines in `logs/control.log`; warnings also on stderr. */
function openLog(config: PlatformConfig, file: string): Logger {
  // Never closed: a late line must not end up in another file that got its number.
  const descriptor = openSync(file, 'a', 0o600);
  const streams = [
    { level: config.logLevel, stream: new LogStream(descriptor) },
    { level: 'warn' as const, stream: new LogStream(STDERR) },
  ];
  return pino({ level: config.logLevel, base: { pid: process.pid, process: 'control' } }, pino.multistream(streams));
}

function gatewaySettings(config: PlatformConfig, controlSocketPath: string, predictionKey: string) {
  const { bodyBytesMax, headerBytesMax, connectionsMax, requestReceiveTimeoutMs, keepAliveTimeoutMs, transferBytesPerSecond } = config.limits;
  return {
    controlSocketPath, predictionKey,
    http: config.http, grpc: config.grpc,
    limits: { bodyBytesMax, headerBytesMax, connectionsMax, requestReceiveTimeoutMs, keepAliveTimeoutMs, transferBytesPerSecond },
    logLevel: config.logLevel, orphanGraceMs: config.orphanGraceMs, platformVersion: PLATFORM_VERSION,
    serverName: config.serverName ?? (config.modelRepository === null ? 'lepton-ai' : 'triton'),
  };
}

function statusFacts(config: PlatformConfig, engine: PlatformEngine, database: Database, { startedAt, isolation }: Pick<StatusFacts, 'startedAt' | 'isolation'>): StatusFacts {
  const { ports } = engine;
  return {
    platformVersion: PLATFORM_VERSION,
    startedAt,
    httpUrl: ports && `http://${hostAndPort(ports.http)}`,
    grpcAddress: ports?.grpc ? hostAndPort(ports.grpc) : null,
    dataDirectory: config.dataDirectory,
    database: database.engine,
    isolation,
  };
}

const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number }): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Never fatal any more: what serves already must not end for what is wrong in the directory. */
async function importAtStart(importDirectory: (directory: string, options: { readonly deploy: boolean; readonly by: string }) => Promise<ImportReport>, directory: string, events: EventSink, stop: AbortSignal): Promise<ImportReport> {
  try {
    return await importDirectory(directory, { deploy: true, by: 'import' });
  } catch (error) {
    stop.throwIfAborted();
    const problem = `${directory}: ${asLeptonError(error).message}`;
    events.record({ severity: 'error', reason: 'ImportFailed', message: problem, actor: 'import' });
    return { models: [], problems: [problem], warnings: [] };
  }
}

async function importAndServe({ repository, engine, events }: { readonly repository: ModelRepository; readonly engine: PlatformEngine; readonly events: EventSink }, directory: string, { deploy, by, signal }: { readonly deploy: boolean; readonly by: string; readonly signal?: AbortSignal }): Promise<ImportReport> {
  const found = await importTritonDirectory(repository, directory, { by, ...(signal && { signal }) });
  const told = (severity: ImportProblem['severity']): string[] => found.problems.filter((problem) => problem.severity === severity).map(describeProblem);
  const [problems, warnings] = [told('error'), told('warning')];
  const models: ImportReport['models'][number][] = [];
  for (const { name, versions, ...settings } of found.models) {
    signal?.throwIfAborted();
    const wrong = deploy ? await serveImported(engine, { name, versions: versions.map(({ version }) => version), ...settings }, by) : [];
    problems.push(...wrong);
    const failed = found.problems.filter((problem) => problem.model === name && problem.version !== null && problem.severity === 'error');
    const outcomes = [
      ...versions.map(({ version, created }) => ({ version, outcome: created ? ('created' as const) : ('unchanged' as const), message: '' })),
      ...failed.map(({ version, message }) => ({ version: version ?? '', outcome: 'failed' as const, message })),
    ];
    models.push({ name, versions: outcomes, service: deploy && !wrong.length ? name : null });
  }
  for (const message of [...problems, ...warnings]) events.record({ severity: 'warning', reason: 'ImportProblem', message, actor: by });
  return { models, problems, warnings };
}

const describeProblem = ({ model, version, message }: ImportProblem): string => `${[model, version].filter(Boolean).join(':')}: ${message}`;

/** Waits for something at most so long; what takes longer is left to itself. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
