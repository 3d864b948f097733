import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { temporaryDirectory } from '../../testing/platform-harness.ts';
import { until } from '../../testing/until.ts';
import { type ProcessResult, runProcess, startProcess } from '../support/run-process.ts';
import { startTicksOf } from './state-file.ts';

let home: Awaited<ReturnType<typeof temporaryDirectory>>;
let port: number;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: found } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return found;
}

const environment = (extra: Record<string, string> = {}): Record<string, string> => ({ PATH: process.env['PATH'] ?? '', HOME: home.path, LEPTON_HTTP: `127.0.0.1:${port}`, LEPTON_GRPC: '127.0.0.1:0', LEPTON_ORPHAN_GRACE: '5s', ...extra });

const surroundings = (extra?: Record<string, string>) => ({ cwd: home.path, env: environment(extra) });
const cli = (args: readonly string[], extra?: Record<string, string>): Promise<ProcessResult> => runProcess(args, surroundings(extra));

const hasEnded = (pid: number): boolean => startTicksOf(pid) === null;

interface Started { url: string; started: boolean; pid: number; logFile: string; dataDirectory: string }
async function start(): Promise<Started> {
  const { code, stdout, stderr } = await cli(['start', '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Started;
}

describe('the local platform', () => {
  beforeEach(async () => {
    home = await temporaryDirectory();
    port = await freePort();
  });
  afterEach(async () => {
    await cli(['stop']);
    await home.remove();
  });

  it('is started once by two at once, seen by status, and ended by stop', async () => {
    const both = await Promise.all([start(), start()]);
    assert.equal(both[0].pid, both[1].pid);
    assert.deepEqual(both.map(({ started }) => started).sort(), [false, true]);
    assert.equal(both[0].url, `http://127.0.0.1:${port}`);
    assert.ok(both[0].dataDirectory.startsWith(join(home.path, '.local/share')));
    assert.match(readFileSync(both[0].logFile, 'utf8'), /Lepton AI/);
    const { stdout } = await cli(['status']);
    assert.match(stdout, new RegExp(`in the background as pid ${both[0].pid}`));
    assert.match((await cli(['stop'])).stdout, /has stopped/);
    assert.ok(hasEnded(both[0].pid));
    assert.match((await cli(['stop'])).stdout, /no platform runs/);
  });

  it('is started by a command that needs one, and not by one that looks or names a server', async () => {
    const looked = await cli(['status']);
    assert.equal(looked.code, 5);
    assert.match(looked.stderr, /no platform runs[\s\S]*lepton-ai start/);
    const named = await cli(['versions', '--url', `http://127.0.0.1:${port}`]);
    assert.equal(named.code, 5);
    assert.equal((await cli(['versions'], { LEPTON_URL: `http://127.0.0.1:${port}` })).code, 5);
    assert.ok(!existsSync(join(home.path, '.local')), 'nothing was started or written');
    const created = await cli(['create-repository', 'first']);
    assert.equal(created.code, 0, created.stderr);
    assert.match(created.stderr, /started the local platform at http/);
    assert.doesNotMatch((await cli(['versions'])).stderr, /started/);
  });

  it('takes another port where the preferred one is taken', async () => {
    const other = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
    await once(other, 'listening');
    try {
      const { url } = await start();
      assert.notEqual(url, `http://127.0.0.1:${port}`);
      assert.equal((await cli(['create-repository', 'elsewhere'])).code, 0);
    } finally {
      other.close();
    }
  });

  it('comes back on the same address after kill -9, with its data', async () => {
    const before = await start();
    assert.equal((await cli(['create-repository', 'kept'])).code, 0);
    process.kill(before.pid, 'SIGKILL');
    await until('it is gone', () => hasEnded(before.pid));
    const listed = await cli(['versions', '--json']);
    assert.match(listed.stdout, /"kept"/);
    const now = await start();
    assert.equal(now.started, false);
    assert.equal(now.url, before.url);
    assert.notEqual(now.pid, before.pid);
  });

  it('leaves a server that was started by hand on the default address as the one that is used', async () => {
    const { child: serve } = startProcess(['serve', '--data-dir', join(home.path, 'by-hand')], surroundings());
    try {
      await until('it answers', async () => (await fetch(`http://127.0.0.1:${port}/api/v1/status`)).ok);
      assert.equal((await cli(['create-repository', 'mine'])).code, 0);
      assert.match((await cli(['start'])).stdout, /started by hand/);
      assert.match((await cli(['stop'])).stdout, /no platform runs/);
      assert.equal(serve.exitCode, null, 'stop leaves it alone');
    } finally {
      const gone = once(serve, 'exit');
      serve.kill('SIGTERM');
      await gone;
    }
  });

  it('says that another version runs', async () => {
    const old = createHttpServer((_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"platformVersion":"0.0.1"}')).listen(port, '127.0.0.1');
    await once(old, 'listening');
    try {
      assert.match((await cli(['start'])).stderr, /it is version 0\.0\.1, this command is [\d.]+; lepton-ai stop/);
      assert.equal((JSON.parse((await cli(['start', '--json'])).stdout) as { otherVersion?: string }).otherVersion, '0.0.1');
    } finally {
      old.closeAllConnections();
      old.close();
    }
  });

  it('says what to do where nothing can be written', async () => {
    await writeFile(join(home.path, 'file'), '');
    const { code, stderr } = await cli(['start'], { HOME: join(home.path, 'file') });
    assert.equal(code, 1);
    assert.match(stderr, /directory of its own[\s\S]*XDG_STATE_HOME/);
  });
});
