import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { WorkerHandle } from '../../../src/deployment-engine/targets/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../../../src/testing/gateway-fixture.ts';
import { addSubModel } from '../../../src/testing/onnx-models.ts';
import { settled, signatureOf, WorkerFixture } from '../../../src/testing/worker-fixture.ts';
import type { GatewayConfig } from '../../../src/wire/index.ts';
import { RawClient } from './raw-client.ts';
import { inferRequest, MODEL, wrongWith } from './requests.ts';
import { SteadyClient } from './steady-client.ts';

/** Longest wait until abandoned requests are gone. */
const QUIET_MS = 10_000;
const SIGNATURE = signatureOf(['INPUT0', 'INPUT1'], ['OUTPUT0', 'OUTPUT1'], 'INT32', [-1, 16]);

/** A gateway and a worker as users run them, with a client beside that must notice nothing of what the tests do. */
export class Serving {
  readonly gateway: GatewayFixture;
  readonly worker: WorkerHandle;
  readonly steady: SteadyClient;
  /** Targets of the requests that the gateway sent on to management. */
  readonly forwarded: string[] = [];
  readonly #workers: WorkerFixture;
  #seed = 1;

  private constructor(gateway: GatewayFixture, workers: WorkerFixture, worker: WorkerHandle) {
    this.gateway = gateway;
    this.#workers = workers;
    this.worker = worker;
    this.steady = new SteadyClient(this.port);
  }

  static async start(limits: Partial<GatewayConfig['limits']> = {}): Promise<Serving> {
    const [workers, gateway] = await Promise.all([WorkerFixture.create(), GatewayFixture.start({ limits: { bodyBytesMax: 1_000_000, headerBytesMax: 16_384, connectionsMax: 4096, requestReceiveTimeoutMs: 5000, keepAliveTimeoutMs: 30_000, ...limits }, logLevel: 'error' })]);
    const worker = await workers.start('replica-1', addSubModel({ batch: true }), SIGNATURE);
    const status = await settled(worker);
    if (status.phase !== 'ready') throw new Error(`the worker is ${status.phase}: ${status.message}`);
    const replica = { id: 'replica-1', socketPath: worker.socketPath, token: worker.record.token };
    await gateway.setServices(serviceRoute(MODEL, [versionRoute('v1', [replica], { signature: SIGNATURE })]));
    const serving = new Serving(gateway, workers, worker);
    await gateway.upstream((message, response) => {
      serving.forwarded.push(message.url ?? '');
      message.resume().on('end', () => response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify({ code: 'ROUTE_NOT_FOUND', error: `there is nothing at ${message.url}` })));
    });
    return serving;
  }

  get port(): number {
    return this.gateway.ports.http.port;
  }

  get grpcPort(): number {
    return this.gateway.ports.grpc?.port as number;
  }

  open(methods: readonly string[] = [], options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    return RawClient.open(this.port, methods, options);
  }

  /** A number that no other request of this run has used. */
  seed(): number {
    return this.#seed++;
  }

  /** One good inference, on the given connection or on a new one; throws unless it is answered correctly. */
  async control(client?: RawClient): Promise<void> {
    const seed = this.seed();
    const own = client ?? (await this.open());
    const before = own.answers.length;
    own.send(inferRequest(seed));
    await own.answered(before + 1);
    if (!client) own.destroy();
    const wrong = wrongWith(own.answers[before], seed);
    if (wrong) throw new Error(`the control request ${client ? 'on the same connection' : 'on a new connection'}: ${wrong}`);
  }

  /** Resident bytes of the gateway and of the worker, now. */
  async residentBytes(): Promise<{ gateway: number; worker: number }> {
    return { gateway: await memoryOf(this.gateway.process.pid as number, 'VmRSS'), worker: await memoryOf(this.worker.pid, 'VmRSS') };
  }

  /** The most that the gateway has ever had resident. */
  peakBytes(): Promise<number> {
    return memoryOf(this.gateway.process.pid as number, 'VmHWM');
  }

  /** Resolves when nothing of what was asked is queued or running any more, but for the client beside. */
  async quiet(): Promise<void> {
    for (const deadline = performance.now() + QUIET_MS; ; await wait(20)) {
      const metrics = await (await fetch(`${this.gateway.url}/metrics`)).text();
      const open = ['lepton_queue_length', 'lepton_requests_in_flight'].reduce((sum, name) => sum + Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0), 0);
      if (open <= 1) return;
      if (performance.now() > deadline) throw new Error(`${open} requests are still open after ${QUIET_MS} ms`);
    }
  }

  /** Whether both processes still run. */
  get alive(): boolean {
    const { exitCode, signalCode } = this.gateway.process;
    return exitCode === null && signalCode === null && !this.worker.exited;
  }

  /** Throws if a process has ended, the steady client has noticed anything or a good request fails. */
  async unharmed(): Promise<void> {
    const { process: gateway } = this.gateway;
    if (gateway.exitCode !== null || gateway.signalCode !== null) throw new Error(`the gateway ended with ${gateway.exitCode ?? gateway.signalCode}: ${this.gateway.output.slice(-2000)}`);
    if (this.worker.exited) throw new Error(`the worker ended: ${JSON.stringify(this.worker.exited)}`);
    await this.control();
    await this.steady.check();
  }

  async close(): Promise<void> {
    await this.steady.stop();
    await this.gateway.close();
    await this.#workers.close();
  }
}

async function memoryOf(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}
