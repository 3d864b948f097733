import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../../scripts/tests/command.ts';
import type { Peer } from './catalogue.ts';

/** The interpreter of the peer's own virtual environment, made anew when its packages change. Rejects when pip can't install them. */
export async function peerPython({ name, packages, python }: Peer, cache: string, say: (text: string) => void): Promise<string> {
  const directory = join(cache, 'peers', name);
  const interpreter = join(directory, 'bin/python');
  const stamp = join(directory, '.packages');
  const wanted = createHash('sha256').update(JSON.stringify([python, packages])).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return interpreter;
  say(`install ${packages.join(', ')}`);
  rmSync(directory, { recursive: true, force: true });
  const made = await runCommand(python, ['-m', 'venv', directory], { quiet: true });
  const installed = made === 0 ? await runCommand(interpreter, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', ...packages], { quiet: true }) : made;
  if (installed !== 0) throw new Error(`${packages.join(', ')} could not be installed (exit code ${installed})`);
  writeFileSync(stamp, wanted);
  return interpreter;
}
