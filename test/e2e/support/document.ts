import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, ROOT } from '../harness.ts';
import { until } from './until.ts';

/** Commands of a page, which run as they stand. */
export interface Block {
  readonly background: boolean;
  readonly commands: readonly string[];
  /** What the last command says, where the page shows it. */
  readonly answer: string | null;
}

/** The blocks of a page that are marked `<!-- tour -->` or `<!-- tour: background -->`, each with the `<!-- answer -->` behind it. */
export function readBlocks(page: string): readonly Block[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/<!-- tour(: background)? -->\n```console\n([\s\S]*?)```(?:\n+<!-- answer -->\n```\w*\n([\s\S]*?)```)?/g)].map(([, background, body = '', answer]) => ({
    background: background !== undefined,
    commands: body.split('\n').map((line) => line.trim()).filter(Boolean),
    answer: answer?.trim() ?? null,
  }));
}

/** A shell in an empty directory that has what a checkout has; the ports that a page names are free ones here. */
export class DocumentShell {
  readonly directory = mkdtempSync(join(tmpdir(), 'lepton-page-'));
  readonly #http: string;
  readonly #ports: ReadonlyMap<string, number>;
  #server: ChildProcess | undefined;

  private constructor(http: string, ports: ReadonlyMap<string, number>) {
    for (const name of ['bin', 'examples', 'node_modules']) symlinkSync(join(ROOT, name), join(this.directory, name));
    this.#http = http;
    this.#ports = ports;
  }

  static async open(httpPort: string, grpcPort: string): Promise<DocumentShell> {
    const ports = new Map<string, number>();
    for (const port of [httpPort, grpcPort]) ports.set(`127.0.0.1:${port}`, await freePort());
    return new DocumentShell(`http://127.0.0.1:${httpPort}`, ports);
  }

  /** Runs the page's command for the platform and waits for its answer. */
  async start(command: string): Promise<void> {
    const child = this.#run(`exec ${command}`);
    this.#server = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the platform answers', async () => {
      assert.equal(child.exitCode, null, output);
      return (await fetch(`${this.#here(this.#http)}/api/v1/status`)).ok;
    });
  }

  async outputOf(command: string): Promise<string> {
    const child = this.#run(command);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, `${command}\n${output}`);
    return output;
  }

  async close(): Promise<void> {
    const server = this.#server;
    if (server && server.exitCode === null && server.signalCode === null) {
      const gone = once(server, 'exit');
      server.kill('SIGTERM');
      await gone;
    }
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  #here(command: string): string {
    return [...this.#ports].reduce((text, [address, port]) => text.replaceAll(address, `127.0.0.1:${port}`), command);
  }

  #run(command: string): ChildProcess {
    const env = { PATH: process.env['PATH'], HOME: this.directory, TMPDIR: this.directory, LEPTON_URL: this.#here(this.#http) };
    return spawn('bash', ['-c', `set -o pipefail; ${this.#here(command)}`], { cwd: this.directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
