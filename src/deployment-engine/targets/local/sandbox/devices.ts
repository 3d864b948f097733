import { lstatSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlreadyThere } from './files.ts';

const PLAIN = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
/** Accelerators, which their drivers let everybody use or not. */
const ACCELERATOR = /^(nvidia.*|kfd|accel\d*)$/;
const LINKS = { fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2' };

/** A directory that takes the place of /dev: empty files for the devices that this machine has, to mount those on. */
export function makeDevices(directory: string): { directory: string; names: readonly string[] } {
  mkdirSync(join(directory, 'shm'), { recursive: true, mode: 0o755 });
  const names = readdirSync('/dev').filter((name) => (PLAIN.includes(name) || ACCELERATOR.test(name)) && lstatSync(join('/dev', name)).isCharacterDevice());
  for (const name of names) quietly(() => writeFileSync(join(directory, name), '', { flag: 'wx' }));
  for (const [name, target] of Object.entries(LINKS)) quietly(() => symlinkSync(target, join(directory, name)));
  return { directory, names };
}

function quietly(make: () => void): void {
  try {
    make();
  } catch (error) {
    if (!isAlreadyThere(error)) throw error;
  }
}
