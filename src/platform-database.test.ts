import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { programPath } from './config/index.ts';
import type { ServiceStatus } from './deployment-engine/index.ts';
import { scaleModel, writeModelDirectory } from './testing/onnx-models.ts';
import { ask, pidsOf, runs, temporaryDirectory } from './testing/platform-harness.ts';
import { until } from './testing/until.ts';
import { findPostgres, startPostgres, type ThrowAwayPostgres } from './testing/postgres.ts';

const postgresBin = findPostgres();

describe('platform: the database is away', { skip: postgresBin === undefined && 'Postgres is not installed (Debian: postgresql)' }, () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let postgres: ThrowAwayPostgres;
  let line: Line;
  const children: ChildProcess[] = [];

  before(async () => {
    directory = await temporaryDirectory();
    for (const version of [1, 2]) await writeModelDirectory(join(directory.path, 'models', 'scale', String(version)), scaleModel(version, { batch: true }));
    postgres = await startPostgres(postgresBin ?? '');
  });
  after(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    line?.close();
    await postgres?.stop();
    await directory.remove();
  });

  for (const [how, lose] of [
    ['refuses connections', () => line.cut()],
    ['does not answer', () => line.freeze()],
  ] as const) {
    it(`stops gateway and workers and exits with 0 while it ${how}`, async () => {
      line = await Line.to(await postgres.createDatabase());
      const { child, url, output } = await serve(join(directory.path, how), line.url, children, join(directory.path, 'models'));
      const status = await until('both versions are ready', async () => {
        const found = (await (await fetch(`${url}/api/v1/services/scale`)).json()) as ServiceStatus;
        return found.versions.length === 2 && found.versions.every((version) => version.phase === 'ready') && found;
      }, 30_000);
      const workers = pidsOf(status);
      lose();
      assert.equal((await ask(url, 'scale')).factor, 2, 'inference goes on');
      if (how === 'refuses connections') {
        for (const tried of ['first', 'second']) {
          const refused = await fetch(`${url}/api/v1/repositories`, { method: 'POST', body: '{"name":"late"}', headers: { 'content-type': 'application/json' } });
          assert.deepEqual([refused.status, refused.headers.get('retry-after'), ((await refused.json()) as { code: string }).code], [503, '5', 'DATABASE_UNAVAILABLE'], `${tried}: ${output()}`);
        }
      }
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      assert.deepEqual(await exited, [0, null], output());
      assert.match(output(), /^stopped$/m);
      assert.deepEqual([workers.length, workers.filter(runs)], [2, []]);
      await assert.rejects(fetch(`${url}/v2`), 'the gateway is gone');
    });
  }
});

async function serve(data: string, databaseUrl: string, children: ChildProcess[], models: string): Promise<{ readonly child: ChildProcess; readonly url: string; readonly output: () => string }> {
  const flags = ['--data-dir', data, '--database-url', databaseUrl, '--http', '127.0.0.1:0', '--grpc', 'off', '--orphan-grace', '20s', '--shutdown-grace', '5s', '--model-repository', models];
  const child = spawn(process.execPath, [programPath('cli'), 'serve', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  await until(`ready, not ${output}`, () => /^ready$/m.test(output) || child.exitCode !== null, 30_000);
  return { child, url: /inference\s+(http:\S+)\/v2/.exec(output)?.[1] ?? '', output: () => output };
}

/** The way to a Postgres on a Unix socket, over a TCP port of its own, that can be cut or go silent. */
class Line {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #frozen = false;

  private constructor(server: Server, socketPath: string, database: string) {
    this.#server = server;
    this.url = `postgres://lepton@127.0.0.1:${(server.address() as AddressInfo).port}/${database}`;
    server.on('connection', (socket) => this.#carry(socket, socketPath));
  }

  static async to(url: string): Promise<Line> {
    const { pathname, searchParams } = new URL(url.replace('@/', '@localhost/'));
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Line(server, join(searchParams.get('host') ?? '', '.s.PGSQL.5432'), pathname.slice(1));
  }

  #carry(client: Socket, socketPath: string): void {
    this.#sockets.add(client.on('error', () => undefined));
    if (this.#frozen) return;
    const server = connect(socketPath);
    this.#sockets.add(server.on('error', () => undefined));
    client.pipe(server).pipe(client);
  }

  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
  }
}
