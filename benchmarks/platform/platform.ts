import { LeptonClient } from '../../clients/typescript/src/index.ts';
import { TestPlatform } from '../../test/e2e/harness.ts';
import type { BenchModel } from '../models/model.ts';
import type { ServerUnderLoad } from '../load/window.ts';

export type Role = 'control' | 'gateway' | 'worker';

/** A platform of our own, started as a user starts it, in a directory that goes with it. */
export class BenchPlatform implements ServerUnderLoad {
  readonly client: LeptonClient;
  readonly #platform: TestPlatform;

  private constructor(platform: TestPlatform) {
    this.#platform = platform;
    this.client = new LeptonClient({ url: platform.url, user: 'benchmark' });
  }

  static async start(): Promise<BenchPlatform> {
    return new BenchPlatform(await TestPlatform.start('--log-level', 'warn'));
  }

  get httpPort(): number {
    return this.#platform.httpPort;
  }
  get grpcPort(): number {
    return this.#platform.grpcPort;
  }

  /** Process ids by what they do. */
  processes(): ReadonlyMap<number, Role> {
    return new Map(this.#platform.processes().map(({ pid, command }) => [pid, roleOf(command)]));
  }

  /** Saves the model as versions of one repository and serves them all in a service of the same name, with equal weights. */
  async serve(model: BenchModel, versions: readonly string[] = ['v1'], service: string = model.entry.name): Promise<void> {
    for (const version of versions) await this.push(model, version, service);
    await this.apply(service, versions);
  }

  /** An ONNX model that is no file, as the only version of a repository and service. */
  async serveBytes(service: string, model: Uint8Array): Promise<void> {
    await this.#platform.publish(service, 'v1', model);
    await this.apply(service, ['v1']);
  }

  /** An ONNX model that is no file, as a version of a repository, with facts about it. */
  publishBytes(repository: string, version: string, model: Uint8Array, metadata: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.#platform.publish(repository, version, model, { metadata });
  }

  /** A version that is made of files in memory. */
  pushFiles(repository: string, version: string, files: Readonly<Record<string, Uint8Array>>): Promise<unknown> {
    return this.#platform.publishFiles(repository, version, files);
  }

  push(model: BenchModel, version: string, repository: string = model.entry.name): Promise<unknown> {
    return this.client.pushDirectory(model.file, { repository, version, createRepository: true, metadata: { version } });
  }

  async apply(service: string, versions: readonly string[]): Promise<void> {
    const share = Math.floor(100 / versions.length);
    const weights = Object.fromEntries(versions.map((version, index) => [version, index ? share : 100 - share * (versions.length - 1)]));
    const { status } = await this.client.apply(service, { deployments: versions.map((version) => ({ version: `${service}:${version}` })), traffic: { weights } }, { waitSeconds: 120 });
    const failed = status?.versions.flatMap(({ replicas }) => replicas).find(({ phase }) => phase === 'failed');
    if (failed) throw new Error(`${service} does not serve: ${failed.message}`);
  }

  dispose(): Promise<void> {
    return this.#platform.dispose();
  }
}

/** The programs name themselves by their process titles. */
function roleOf(command: string): Role {
  return command.startsWith('lepton-gateway') ? 'gateway' : command.startsWith('lepton-worker') ? 'worker' : 'control';
}
