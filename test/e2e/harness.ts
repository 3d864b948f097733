/** A real platform for a test: `bin/lepton-ai serve` in a directory of its own, on free loopback ports. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceStatus } from '../../src/deployment-engine/index.ts';
import { type Answer, send } from './support/load.ts';
import { type FoundProcess, processesWith, signalIfAlive } from './support/processes.ts';
import { until } from '../../src/testing/until.ts';

export { type Answer, Load, type LoadReport } from './support/load.ts';
export { signalIfAlive } from './support/processes.ts';
export { until } from '../../src/testing/until.ts';

export const ROOT = join(import.meta.dirname, '../..');
export const LEPTON = join(ROOT, 'bin/lepton-ai');

/** Below those that the kernel gives to connections: any of the tests' thousands could take a port of those before we listen. */
const PORTS = { first: 10_000, last: 32_767 } as const;
const PORT_TRIES = 50;

/** A port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const server = createServer().listen(randomInt(PORTS.first, PORTS.last + 1), '127.0.0.1');
    try {
      await once(server, 'listening');
    } catch (error) {
      if (attempt === PORT_TRIES) throw error;
      continue;
    }
    const { port } = server.address() as { port: number };
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** An answer of the management API that is not 2xx. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(`${status} ${code}: ${message}`);
    this.status = status;
    this.code = code;
  }
}

export class TestPlatform {
  readonly directory: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly #arguments: readonly string[];
  readonly #agent = new Agent({ keepAlive: true });
  #control: ChildProcess | undefined;
  #output = '';

  private constructor(directory: string, httpPort: number, grpcPort: number, extra: readonly string[]) {
    this.directory = directory;
    this.httpPort = httpPort;
    this.grpcPort = grpcPort;
    this.#arguments = extra;
  }

  /** Starts a platform with an empty data directory and waits until it takes requests. */
  static async start(...extra: string[]): Promise<TestPlatform> {
    const directory = mkdtempSync(join(tmpdir(), 'lepton-e2e-'));
    mkdirSync(join(directory, 'tmp'));
    const platform = new TestPlatform(directory, await freePort(), await freePort(), extra);
    await platform.startControl();
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`;
  }

  get dataDirectory(): string {
    return join(this.directory, 'data');
  }

  get environment(): NodeJS.ProcessEnv {
    return { PATH: process.env['PATH'], HOME: this.directory, TMPDIR: join(this.directory, 'tmp'), LEPTON_URL: this.url, NO_COLOR: '1' };
  }

  /** What control has written since it was started last. */
  get output(): string {
    return this.#output;
  }

  get controlPid(): number {
    assert.ok(this.#control?.pid, 'control runs');
    return this.#control.pid;
  }

  /** Starts `serve` (again) and waits until management answers. */
  async startControl(): Promise<void> {
    const control = spawn(LEPTON, this.serveArguments(), { cwd: this.directory, env: this.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#control = control;
    this.#output = '';
    for (const stream of [control.stdout, control.stderr]) stream?.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-20_000)));
    await until('the platform answers', async () => {
      if (control.exitCode !== null || control.signalCode !== null) throw new Error(`serve ended with ${control.exitCode ?? control.signalCode}: ${this.#output}`);
      return this.api('GET', '/status');
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#output}`, { cause: error });
    });
  }

  serveArguments(): string[] {
    return ['serve', '--data-dir', this.dataDirectory, '--http', `127.0.0.1:${this.httpPort}`, '--grpc', `127.0.0.1:${this.grpcPort}`, ...this.#arguments];
  }

  /** One call of the management API; throws ApiFailure unless it answers 2xx. */
  async api<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/api/v1${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }), signal: AbortSignal.timeout(120_000) });
    const text = await response.text();
    const value: unknown = text ? JSON.parse(text) : undefined;
    if (response.ok) return value as T;
    const { code = '', error = text } = (value ?? {}) as { code?: string; error?: string };
    throw new ApiFailure(response.status, code, error);
  }

  /** Publishes one-file models as `repository:version`. */
  publish(repository: string, version: string, model: Uint8Array, more: Readonly<Record<string, unknown>> = {}): Promise<{ digest: string }> {
    return this.publishFiles(repository, version, { 'model.onnx': model }, more);
  }

  async publishFiles(repository: string, version: string, contents: Readonly<Record<string, Uint8Array>>, more: Readonly<Record<string, unknown>> = {}): Promise<{ digest: string }> {
    const files = await Promise.all(Object.entries(contents).map(async ([path, bytes]) => {
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
      const stored = await fetch(`${this.url}/api/v1/blobs/${digest}`, { method: 'PUT', body: Buffer.from(bytes), headers: { 'content-type': 'application/octet-stream' } });
      assert.equal(Math.floor(stored.status / 100), 2, `blob: ${stored.status} ${await stored.text()}`);
      return { path, digest, size: bytes.byteLength };
    }));
    const { version: published } = await this.api<{ version: { digest: string } }>('POST', `/repositories/${repository}/versions`, { version, files, createRepository: true, ...more });
    return published;
  }

  service(name: string): Promise<ServiceStatus> {
    return this.api('GET', `/services/${name}`);
  }

  /** One inference (or other GET without body) on the v2 API. */
  infer(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer> {
    return send(this.#agent, `${this.url}/v2/models/${path}`, body, headers);
  }

  /** Every living process of this platform. */
  processes(): readonly FoundProcess[] {
    return processesWith(`TMPDIR=${join(this.directory, 'tmp')}`, `${this.directory}/`);
  }

  /** The gateway's process id. */
  async gatewayPid(): Promise<number> {
    return until('a gateway runs', () => this.processes().find(({ command }) => /gateway/.test(command) && !command.includes(' serve '))?.pid);
  }

  /** Process ids of a service's ready replicas. */
  async workerPids(service: string, version?: string): Promise<number[]> {
    const { versions } = await this.service(service);
    return versions.filter((one) => version === undefined || one.version === version).flatMap(({ replicas }) => replicas.flatMap(({ phase, pid }) => (phase === 'ready' && pid !== null ? [pid] : [])));
  }

  /** kill -9 of control alone; resolves when it has gone. */
  async killControl(): Promise<void> {
    const control = this.#control;
    if (!control || control.exitCode !== null || control.signalCode !== null) return;
    const gone = once(control, 'exit');
    control.kill('SIGKILL');
    await gone;
  }

  /** kill -9 of everything at once. */
  async killEverything(): Promise<void> {
    for (const { pid } of this.processes()) signalIfAlive(pid, 'SIGKILL');
    await this.killControl();
    await until('everything has gone', () => {
      const left = this.processes();
      for (const { pid } of left) signalIfAlive(pid, 'SIGKILL');
      return left.length === 0;
    });
  }

  /** SIGTERM; gives control's exit code, having checked that nothing is left running. */
  async terminate(): Promise<number | null> {
    const control = this.#control;
    if (!control || control.exitCode !== null || control.signalCode !== null) return control?.exitCode ?? null;
    const gone = once(control, 'exit');
    control.kill('SIGTERM');
    const [code] = (await gone) as [number | null];
    const left = this.processes();
    assert.deepEqual(left, [], `processes left after SIGTERM (exit ${code})`);
    return code;
  }

  /** Ends whatever is left and removes the directory. For `after`. */
  async dispose(): Promise<void> {
    this.#agent.destroy();
    await this.killEverything();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Runs the command line against a platform. */
export async function lepton(platform: TestPlatform, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(LEPTON, args, { cwd: platform.directory, env: platform.environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** The body of a request to a model of `scaleModel`, one row of four. */
export const scaleRequest = (row: readonly number[] = [1, 2, 3, 4]): unknown => ({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: row }] });

/** `lepton-examples.json` with an answer that is wrong unless the factor is 9: any other `scaleModel` with it never becomes ready. */
export const WRONG_EXAMPLES = Buffer.from(JSON.stringify([{ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 1, 1, 1] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 4], data: [9, 9, 9, 9] }] }]));

/** The factor that a `scaleModel` answered `scaleRequest()` with. */
export function factorOf(answer: Answer): number {
  const { outputs } = JSON.parse(answer.body) as { outputs: { data: number[] }[] };
  return outputs[0]?.data[0] as number;
}
