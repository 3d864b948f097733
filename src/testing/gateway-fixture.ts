/** The real gateway program under a test that plays control. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programPath } from '../config/index.ts';
import type { ReplicaRoute, RoutingTable, ServiceRoute, Signature, VersionRoute } from '../core/index.ts';
import { decodeReport, type Report, SAMPLES_PATH } from '../monitoring/samples/index.ts';
import { type CallMessage, type DemandMessage, dial, type Frame, type FrameConnection, FrameType, type GatewayConfig, type ListeningPorts, type ReplicaTrouble, type WakeMessage } from '../wire/index.ts';
import { FakeWorker, SCALE_SIGNATURE } from './fake-worker.ts';
import { until } from './until.ts';

const DEADLINE_MS = 15_000;
const TOKEN = 'gateway-token';
export const PREDICTION_KEY = '00112233445566aa';

/** One version's route with a test's defaults. */
export function versionRoute(version: string, replicas: readonly ReplicaRoute[], overrides: Partial<VersionRoute> = {}): VersionRoute {
  return {
    version, repository: 'repository', predictionSource: 1, digest: `sha256:${Buffer.from(version).toString('hex').padEnd(64, '0').slice(0, 64)}`, format: 'onnx',
    signature: SCALE_SIGNATURE satisfies Signature, metadata: {}, phase: 'ready', reason: '', message: '', priority: 0,
    batching: { maxBatch: null, maxDelayMs: 0, queueLengthMax: 1000, batchable: true, batchMax: 8 },
    timeouts: { requestTimeoutMs: 10_000, runTimeoutMs: 10_000, loadTimeoutMs: 10_000, drainTimeoutMs: 10_000 },
    replicas,
    ...overrides,
  };
}

/** A service's route: all to the first version unless weights say otherwise. */
export function serviceRoute(service: string, versions: readonly VersionRoute[], overrides: Partial<ServiceRoute> = {}): ServiceRoute {
  const first = versions[0]?.version ?? null;
  return { service, versions, weights: first === null ? {} : { [first]: 100 }, sticky: null, defaultVersion: first, labels: {}, ...overrides };
}

type GatewayOverrides = Partial<Omit<GatewayConfig, 'limits'>> & { readonly limits?: Partial<GatewayConfig['limits']> };

export class GatewayFixture {
  readonly directory: string;
  readonly config: GatewayConfig;
  readonly troubles: ReplicaTrouble[] = [];
  readonly wakes: WakeMessage[] = [];
  demand: DemandMessage | null = null;
  /** What it told of its versions, for the history of metrics. */
  readonly reports: Report[] = [];
  /** Whether reports are taken; otherwise they are answered as by a control whose disk is full. */
  takesReports = true;
  ports!: ListeningPorts;
  process!: ChildProcess;
  output = '';
  #control: FrameConnection | null = null;
  #generation = 0;
  #acks = new Map<number, () => void>();
  #workers: FakeWorker[] = [];
  #upstream: Server | null = null;

  private constructor(directory: string, overrides: GatewayOverrides) {
    this.directory = directory;
    this.config = {
      gateway: 'g1', token: TOKEN, socketPath: join(directory, 'g.sock'), controlSocketPath: join(directory, 'c.sock'),
      http: { host: '127.0.0.1', port: 0 }, grpc: { host: '127.0.0.1', port: 0 }, logLevel: 'info', orphanGraceMs: 60_000, predictionKey: PREDICTION_KEY, platformVersion: '0.0.0-test',
      ...overrides,
      limits: { bodyBytesMax: 1_000_000, headerBytesMax: 16_384, connectionsMax: 1000, requestReceiveTimeoutMs: 5000, keepAliveTimeoutMs: 5000, transferBytesPerSecond: 2 ** 30, ...overrides.limits },
    };
  }

  /** Starts the program and connects to it as control. */
  static async start(overrides: GatewayOverrides = {}): Promise<GatewayFixture> {
    const fixture = new GatewayFixture(await mkdtemp(join(tmpdir(), 'lepton-gateway-')), overrides);
    try {
      await fixture.spawn();
      await fixture.connect();
    } catch (error) {
      await fixture.close();
      throw error;
    }
    return fixture;
  }

  get configPath(): string {
    return join(this.directory, 'gateway.json');
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.http.port}`;
  }

  get grpcAddress(): string {
    return `127.0.0.1:${this.ports.grpc?.port}`;
  }

  async spawn(): Promise<void> {
    await writeFile(this.configPath, JSON.stringify(this.config));
    await rm(`${this.configPath}.ports`, { force: true });
    this.process = spawn(process.execPath, [programPath('gateway'), this.configPath], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.on('data', (text) => (this.output += text));
    const text = await until('listening', async () => this.process.exitCode !== null || readFile(`${this.configPath}.ports`, 'utf8').catch(() => null));
    if (text === true) throw new Error(`gateway ended with ${this.process.exitCode}: ${this.output}`);
    this.ports = JSON.parse(text);
  }

  /** Dials in as control, in place of any earlier connection. */
  async connect(): Promise<FrameConnection> {
    const { connection } = await dial(this.config.socketPath, { role: 'control', token: TOKEN }, DEADLINE_MS);
    this.#control = connection;
    connection.handle({ onFrame: (frame) => this.#receive(frame), onClose: () => {} });
    return connection;
  }

  disconnect(): void {
    this.#control?.destroy();
    this.#control = null;
  }

  /** Pushes a table; resolves when new requests read it. */
  async setServices(...services: ServiceRoute[]): Promise<void> {
    await this.setTable({ services });
  }

  async setTable(table: Omit<RoutingTable, 'generation'>): Promise<void> {
    const generation = ++this.#generation;
    const acked = new Promise<void>((resolve) => this.#acks.set(generation, resolve));
    this.#control?.send(FrameType.routingTable, 0, { ...table, generation });
    await acked;
  }

  stop(graceMs: number): void {
    this.#control?.send(FrameType.stop, 0, { graceMs, reason: 'test' });
  }

  /** Starts a fake replica that multiplies by the factor. */
  async worker(id: string, factor: number): Promise<FakeWorker> {
    const worker = await FakeWorker.start({ id, socketPath: join(this.directory, `${id}.sock`), token: `token-${id}` }, factor);
    this.#workers.push(worker);
    return worker;
  }

  /** Plays control's management API. */
  async upstream(listener: RequestListener): Promise<void> {
    this.#upstream = createServer(listener);
    await new Promise<void>((resolve) => this.#upstream?.listen(this.config.controlSocketPath, resolve));
  }

  /** Asks over JSON; four values a row. */
  async infer(path: string, options: { rows?: number; headers?: Record<string, string>; parameters?: object; signal?: AbortSignal } = {}): Promise<{ status: number; headers: Headers; body: any }> {
    const { rows = 1, headers = {}, parameters, signal } = options;
    const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [rows, 4], data: new Array(rows * 4).fill(1) }], ...(parameters && { parameters }) });
    const response = await fetch(`${this.url}/v2/models/${path}/infer`, { method: 'POST', body, headers, ...(signal && { signal }) });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Requests that wait for the first version of service m. */
  async queueLength(): Promise<number> {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    return Number(/lepton_queue_length\{service="m"[^}]*\} (\d+)/.exec(metrics)?.[1]);
  }

  async close(): Promise<void> {
    this.disconnect();
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    this.#upstream?.closeAllConnections();
    this.#upstream?.close();
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const ended = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill('SIGKILL');
      await ended;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  #receive(frame: Frame): void {
    if (frame.type === FrameType.routingAck) this.#acks.get((frame.header as { generation: number }).generation)?.();
    if (frame.type === FrameType.demand) this.demand = frame.header as DemandMessage;
    if (frame.type === FrameType.wake) this.wakes.push(frame.header as WakeMessage);
    if (frame.type === FrameType.replicaTrouble) this.troubles.push(frame.header as ReplicaTrouble);
    if (frame.type === FrameType.call) void this.#answer(frame.id, frame.header as CallMessage, frame.body);
  }

  /** As `upstream` answers over HTTP; without it, and when it only hangs up, as one that is away. */
  async #answer(id: number, { method, url, headers }: CallMessage, body: Uint8Array): Promise<void> {
    const connection = this.#control;
    if (url === SAMPLES_PATH) {
      if (this.takesReports) this.reports.push(decodeReport(new Uint8Array(body)));
      return connection?.send(FrameType.callAnswer, id, { status: this.takesReports ? 204 : 503, headers: {} });
    }
    try {
      const question = request({ socketPath: this.config.controlSocketPath, method, path: url, headers: { ...headers, 'content-length': body.byteLength }, agent: false });
      question.end(body);
      const [answer] = (await once(question, 'response')) as [IncomingMessage];
      connection?.send(FrameType.callAnswer, id, { status: answer.statusCode, headers: answer.headers }, await answer.toArray());
    } catch {
      connection?.send(FrameType.callAnswer, id, { status: 503, headers: {} }, [Buffer.from('{"error":"nobody plays control","code":"CONTROL_UNAVAILABLE"}')]);
    }
  }
}
