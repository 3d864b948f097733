import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';

/** Installs Debian packages when we may (root, apt-get there); says whether it did. */
export async function installDebianPackages(packages: readonly string[], why: string): Promise<boolean> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.log(`  installing ${packages.join(' ')} (${why})`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = (): Promise<number> => runCommand('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env, quiet: true });
  if ((await install()) === 0) return true;
  await runCommand('apt-get', ['update', '-q'], { env, quiet: true });
  return (await install()) === 0;
}

/** Whether a Chromium is here for the dashboard's tests. */
export const hasChromium = (): boolean => ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'].some((name) => existsSync(`/usr/bin/${name}`));

/** Whether a Postgres server's programs are here: on the PATH, or where Debian keeps them. */
export function hasPostgres(): boolean {
  const onPath = (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(join(directory, 'initdb')));
  const debian = '/usr/lib/postgresql';
  return onPath || (existsSync(debian) && readdirSync(debian).some((version) => existsSync(join(debian, version, 'bin/initdb'))));
}
