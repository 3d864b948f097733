import { systemPrograms } from '../../../../config/index.ts';

const NAMES = ['sh', 'unshare', 'mount', 'umount', 'pivot_root', 'setpriv'] as const;

/** Absolute paths of the programs that build a sandbox: util-linux and a shell. */
export type HostTools = Readonly<Record<(typeof NAMES)[number], string>>;

/** The tools, or the names of those that are not there. */
export function findTools(): HostTools | readonly string[] {
  const found = NAMES.map((name) => [name, systemPrograms(name)[0]] as const);
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  return missing.length ? missing : (Object.fromEntries(found) as HostTools);
}
