import { randomInt } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type CallRecord, createGrpcServer, DataPlane, type FrontDependencies, type GrpcServer, type OtherHandler, RestServer, sendError } from '../api/inference/index.ts';
import { collectWhenIdle, ERRORS, LeptonError, PREDICTION_CHANCE_MAX, PredictionIds } from '../core/index.ts';
import { CaptureBuffer } from '../monitoring/capture/index.ts';
import { InferenceMetrics } from '../monitoring/metrics/index.ts';
import type { GatewayConfig, ListeningPorts, StopMessage } from '../wire/index.ts';
import { CaptureReporter } from './capture-reporter.ts';
import { ControlCalls } from './control-calls.ts';
import { createControlDoor } from './control-door.ts';
import { ControlServer } from './control-server.ts';
import { createFeedbackControl } from './feedback-control.ts';
import { createLogControl, type GatewayLog } from './gateway-log.ts';
import { serveMetrics, viewOf } from './metrics-endpoint.ts';
import { createModelControl } from './model-control.ts';
import { forwardToControl } from './proxy.ts';
import { RequestLog } from './request-log.ts';
import { SampleReporter } from './sample-reporter.ts';
import { TransferPace } from './transfer-pace.ts';

const DEMAND_INTERVAL_MS = 500;
/** For so long after a call, others may follow. */
const SERVING_MS = 1000;
/** Longest wait of a stop for control to take the last report. */
const LAST_REPORT_MS = 500;
/** Grace of a gateway that control has abandoned. */
const ORPHAN_DRAIN_MS = 30_000;

/**
 * The gateway: owns the ports, routes by the table that control pushes, and goes on with the last one when control is
 * away, for at most `orphanGraceMs`.
 *
 *   clients ──▶ http ─┬─ /v2      ─▶ REST front ─┐
 *                     ├─ /metrics                ├─▶ data plane ──▶ workers
 *               grpc ─┼────────────▶ gRPC front ─┘        ▲
 *                     └─ the rest ─▶ control                └── tables, demand, calls ⇄ control
 */
export class Gateway {
  readonly #config: GatewayConfig;
  readonly #log: Logger;
  readonly #plane: DataPlane;
  readonly #http: RestServer;
  readonly #grpc: GrpcServer | null;
  readonly #control: ControlServer;
  readonly #controlCalls = new ControlCalls();
  readonly #metrics: InferenceMetrics;
  readonly #requestLog: RequestLog;
  readonly #reporter: SampleReporter;
  readonly #captured = new CaptureBuffer(Math.random, Date.now);
  readonly #capture: CaptureReporter;
  readonly #startedAt = new Date();
  readonly #ended = Promise.withResolvers<void>();
  #ports: ListeningPorts | null = null;
  #orphanTimer: NodeJS.Timeout | null = null;
  #stopping = false;
  #calls = 0;
  /** The last inference call. */
  #servedAt = Number.NEGATIVE_INFINITY;
  readonly #transferPace: TransferPace;

  constructor(config: GatewayConfig, gatewayLog: GatewayLog) {
    const { log } = gatewayLog;
    this.#config = config;
    this.#log = log;
    this.#requestLog = new RequestLog(log);
    this.#transferPace = new TransferPace(config.limits.transferBytesPerSecond, () => performance.now() - this.#servedAt < SERVING_MS);
    this.#plane = new DataPlane({
      random: Math.random,
      predictionIds: new PredictionIds({ key: config.predictionKey, chance: randomInt(PREDICTION_CHANCE_MAX + 1), now: Date.now }),
      onTrouble: (trouble) => {
        log.warn(trouble, 'replica in trouble');
        this.#control.reportTrouble(trouble);
      },
      onReplicaIdle: () => this.#control.pushDemand(),
      onWake: (service, version) => this.#control.wake({ service, version }),
      onLane: (lane) => this.#reporter.watch(lane),
      onAnswer: (...answered) => this.#captured.offer(...answered),
    });
    this.#capture = new CaptureReporter(this.#captured, this.#controlCalls);
    this.#reporter = new SampleReporter({ source: config.gateway, calls: this.#controlCalls, lanes: () => this.#plane.lanes(), now: Date.now });
    this.#metrics = new InferenceMetrics(() => viewOf(this.#plane), this.#startedAt.getTime());
    const front: FrontDependencies = {
      plane: this.#plane,
      onCall: (call) => this.#record(call),
      models: createModelControl(this.#controlCalls),
      feedback: createFeedbackControl(this.#controlCalls),
      logging: createLogControl(gatewayLog, this.#controlCalls),
      platformVersion: config.platformVersion,
      ...(config.serverName !== undefined && { serverName: config.serverName }),
      limits: config.limits,
    };
    this.#http = new RestServer(front, (...request) => this.#other(...request), createControlDoor(this.#controlCalls, () => this.#calls++));
    this.#grpc = config.grpc ? createGrpcServer(front) : null;
    this.#control = new ControlServer({
      socketPath: config.socketPath,
      token: config.token,
      answer: () => ({ pid: process.pid, instance: config.gateway, startedAt: this.#startedAt.toISOString(), ...(this.#ports && { ports: this.#ports }), ...(this.#stopping && { stopping: true as const }) }),
      onTable: (table) => {
        gatewayLog.apply(table.logging);
        this.#plane.setTable(table);
        log.info({ generation: table.generation, services: table.services.length }, 'routing table in force');
      },
      onStop: (stop) => void this.stop(stop),
      onPresence: (present) => this.#presence(present),
      demand: () => this.#plane.demand(),
      demandIntervalMs: DEMAND_INTERVAL_MS,
      calls: this.#controlCalls,
    });
  }

  /** Resolves when the gateway has ended, for whatever reason it was asked to. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /** Listens: clients first, then control. Rejects with EADDRINUSE's error when a port is taken. */
  async start(): Promise<ListeningPorts> {
    const http = await this.#listenHttp();
    const { grpc } = this.#config;
    this.#ports = { http, grpc: this.#grpc && grpc ? { host: grpc.host, port: await this.#grpc.listen(grpc) } : null };
    await this.#control.listen();
    this.#presence(false);
    this.#reporter.start();
    this.#capture.start();
    collectWhenIdle(() => this.#calls);
    return this.#ports;
  }

  /** Takes no new connections or requests, answers what is open within the grace, then leaves. */
  async stop({ graceMs, reason }: StopMessage): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    if (this.#orphanTimer) clearTimeout(this.#orphanTimer);
    this.#log.info({ graceMs, reason, open: this.#plane.openRequests }, 'stopping');
    this.#http.close();
    const grpcClosed = this.#grpc?.shutdown();
    const deadline = performance.now() + graceMs;
    await this.#plane.drain(graceMs);
    await this.#flush(grpcClosed, deadline - performance.now());
    this.#http.closeAllConnections();
    this.#grpc?.destroy();
    await this.#capture.stop();
    await this.#reporter.stop(LAST_REPORT_MS);
    this.#plane.destroy();
    await this.#control.close();
    this.#log.info('stopped');
    this.#ended.resolve();
  }

  /** Answers are on their way to slow readers; connections that only idle are not waited for. */
  async #flush(grpcClosed: Promise<void> | undefined, leftMs: number): Promise<void> {
    this.#http.closeIdleConnections();
    const httpClosed = new Promise<void>((resolve) => {
      const poll = setInterval(() => {
        this.#http.closeIdleConnections();
        this.#http.getConnections((_error, count) => {
          if (count > 0) return;
          clearInterval(poll);
          resolve();
        });
      }, 20);
      poll.unref();
    });
    const timer = Promise.withResolvers<void>();
    const timeout = setTimeout(timer.resolve, Math.max(0, leftMs));
    await Promise.race([Promise.all([httpClosed, grpcClosed]), timer.promise]);
    clearTimeout(timeout);
  }

  #listenHttp(): Promise<{ host: string; port: number }> {
    const { host, port } = this.#config.http;
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, () => {
        this.#http.off('error', reject);
        resolve({ host, port: (this.#http.address() as AddressInfo).port });
      });
    });
  }

  #other(...[path, message, response]: Parameters<OtherHandler>): void {
    const { controlSocketPath } = this.#config;
    this.#calls++;
    if (path === '/metrics') return void serveMetrics(this.#metrics, this.#controlCalls, message, response);
    // What control offers its gateways under /internal is not for the world.
    if (/^\/+internal(\/|$)/i.test(decoded(path))) return sendError(response, new LeptonError('ROUTE_NOT_FOUND', `there is nothing at ${path.slice(0, 200)}`), {}, !message.complete);
    forwardToControl(controlSocketPath, message, response, this.#config.limits.requestReceiveTimeoutMs, this.#transferPace);
  }

  #record(call: CallRecord): void {
    this.#calls++;
    this.#servedAt = performance.now();
    if (call.code !== 'OK' && call.version === null) this.#metrics.rejected(call.protocol, call.code);
    this.#requestLog.record(call, call.code === 'OK' ? 200 : ERRORS[call.code].http);
  }

  #presence(present: boolean): void {
    if (this.#orphanTimer) clearTimeout(this.#orphanTimer);
    this.#orphanTimer = null;
    if (present || this.#stopping) return;
    const { orphanGraceMs } = this.#config;
    this.#orphanTimer = setTimeout(() => void this.stop({ graceMs: ORPHAN_DRAIN_MS, reason: `no control process for ${orphanGraceMs} ms` }), orphanGraceMs);
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
