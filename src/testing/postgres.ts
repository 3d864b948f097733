/** A throw-away Postgres for tests: its own directory, a Unix socket and no TCP, gone when the test's process is. */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const START_TIMEOUT_MS = 30_000;
const USER = 'lepton';

export interface ThrowAwayPostgres {
  /** URL of a new, empty database in it. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Directory with `initdb` and `postgres`, newest version first; undefined where Postgres is not installed. */
export function findPostgres(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root) : [];
  const [newest] = versions.filter((name) => /^\d+$/.test(name)).sort((a, b) => Number(b) - Number(a));
  return newest === undefined ? undefined : join(root, newest, 'bin');
}

/** Postgres refuses to run as root: there it runs as the system's `postgres` user. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** Starts a server from the programs in `bin` (see `findPostgres`). */
export async function startPostgres(bin: string): Promise<ThrowAwayPostgres> {
  const directory = await mkdtemp(join(tmpdir(), 'lepton-pg-'));
  const user = serverUser();
  if (user) await chown(directory, user.uid, user.gid);
  await chmod(directory, 0o700);
  const drop = user ? [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'] : [];
  const data = join(directory, 'data');
  await promisify(execFile)('setpriv', [...drop, join(bin, 'initdb'), '-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], { cwd: directory });
  // SIGINT to a postmaster is a fast shutdown: the server goes when this process does, however it ends.
  const server = spawn('setpriv', [...drop, '--pdeathsig', 'INT', join(bin, 'postgres'), '-D', data, '-k', directory, '-c', 'listen_addresses=', '-c', 'fsync=off', '-c', 'max_connections=60'], { cwd: directory, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  await waitUntilReady(bin, directory, () => server.exitCode !== null);
  let databases = 0;
  return {
    async createDatabase() {
      const name = `lepton_${++databases}`;
      await promisify(execFile)(join(bin, 'createdb'), ['-h', directory, '-U', USER, name]);
      return `postgres://${USER}@/${name}?host=${encodeURIComponent(directory)}`;
    },
    async stop() {
      server.kill('SIGINT');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function waitUntilReady(bin: string, directory: string, dead: () => boolean): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && !dead()) {
    const ready = await promisify(execFile)(join(bin, 'pg_isready'), ['-q', '-h', directory, '-U', USER]).then(() => true, () => false);
    if (ready) return;
    await delay(50);
  }
  throw new Error('the throw-away Postgres did not start');
}
