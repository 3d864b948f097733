import type { HostTools } from './host-tools.ts';
import { TEMPORARY } from './mount-table.ts';

/** How a process is confined on this host. */
export type Confinement =
  /** By root: namespaces and a user id of its own. */
  | { readonly kind: 'root'; readonly tools: HostTools; readonly network: boolean }
  /** By anybody: namespaces under a user namespace. */
  | { readonly kind: 'user-namespace'; readonly tools: HostTools; readonly network: boolean }
  /** No namespaces; `capabilities`: there are some to give up. */
  | { readonly kind: 'privileges'; readonly setpriv: string; readonly capabilities: boolean }
  | { readonly kind: 'none' };

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Enclosure {
  /** An fstab(5), see `mountTable`, and the directory that it builds the view on. */
  readonly tableFile: string;
  readonly viewRoot: string;
  /** User and group id, with `root` only; null: as we are. */
  readonly user: number | null;
  readonly network: boolean;
  /** It reads files that only their owner may read, who is somebody else, and root by its capabilities. */
  readonly keepsCapabilities: boolean;
}

/** `exec` at every step, so that pid, process group and session are those of the first process. */
const ENTER = `set -e
mount=$1 umount=$2 pivot_root=$3 table=$4 view=$5
shift 5
"$mount" --no-mtab --all --fstab "$table"
cd "$view"
"$pivot_root" . .
"$umount" --no-mtab --lazy .
cd ${TEMPORARY}
exec "$@"`;

const NOTHING_GAINED = '--no-new-privs';
const NO_CAPABILITIES = ['--inh-caps=-all', '--bounding-set=-all'];

/**
 * A command that becomes the given one inside its enclosure (in the same process: no step forks and stays):
 *
 *   unshare: new mount, IPC and network namespaces ─▶ sh: mounts the view and moves into it ─▶ setpriv: own user id, nothing to gain ─▶ the program
 *
 * mount_namespaces(7), pivot_root(2) with the stacked form of its notes, capabilities(7).
 */
export function sandboxed(command: Command, confinement: Confinement, enclosure: Enclosure): Command {
  if (confinement.kind === 'none') return command;
  const program = ['--', command.file, ...command.args];
  if (confinement.kind === 'privileges') return { file: confinement.setpriv, args: [NOTHING_GAINED, ...(confinement.capabilities && !enclosure.keepsCapabilities ? NO_CAPABILITIES : []), ...program], env: command.env };
  const { tools, kind, network } = confinement;
  const { user, tableFile, viewRoot } = enclosure;
  const capabilities = enclosure.keepsCapabilities ? [] : NO_CAPABILITIES;
  const identity = user === null ? [] : [`--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
  return {
    file: tools.unshare,
    args: [
      ...(kind === 'user-namespace' ? ['--user', '--map-root-user'] : []), '--mount', '--ipc', ...(network && !enclosure.network ? ['--net'] : []),
      '--', tools.sh, '-c', ENTER, 'lepton-sandbox', tools.mount, tools.umount, tools.pivot_root, tableFile, viewRoot,
      tools.setpriv, ...identity, NOTHING_GAINED, ...capabilities, ...program,
    ],
    env: { ...command.env, ...temporaryEnvironment(TEMPORARY) },
  };
}

/** Makes a directory the place of all that a program leaves without being told where. */
export const temporaryEnvironment = (directory: string): Record<string, string> => ({ TMPDIR: directory, HOME: directory, XDG_CACHE_HOME: `${directory}/.cache`, XDG_CONFIG_HOME: `${directory}/.config`, XDG_DATA_HOME: `${directory}/.local/share` });
