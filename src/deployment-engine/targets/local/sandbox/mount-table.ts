import { join, sep } from 'node:path';

/** A mount of this machine. */
export interface HostMount {
  readonly target: string;
  readonly type: string;
  /** `rw,nosuid,…` */
  readonly options: readonly string[];
}

/** What a worker is to see of the machine's files. Paths are those of directories, absolute, and hold no symbolic links but in `kept`. */
export interface View {
  /** An empty directory on which the view is built; each worker sees its own there. */
  readonly root: string;
  /** Appear empty. */
  readonly hidden: readonly string[];
  /** Are seen, read-only, although they are under hidden ones. */
  readonly kept: readonly string[];
  /** The same, and may be written. */
  readonly writable: readonly string[];
  /** Takes the place of /dev; `names` are mounted on the empty files of these names in it. */
  readonly devices: { readonly directory: string; readonly names: readonly string[] };
  readonly mounts: readonly HostMount[];
  readonly temporary: TemporaryFiles;
  /** Shows only the worker's own processes in /proc. */
  readonly ownProcesses: boolean;
}

export interface TemporaryFiles {
  readonly bytes: number;
  /** Who may write. */
  readonly user: number;
  /** On disk in place of memory; whoever gives it counts. */
  readonly directory: string | null;
  /** Other paths of the same place, so that there is one quota. */
  readonly aliases: readonly string[];
}

/** Where a worker's temporary files are in its view. */
export const TEMPORARY = '/tmp';
/** File systems whose files have owners and modes that the kernel gives them. */
const KERNEL_TYPES: ReadonlySet<string> = new Set(['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'tracefs', 'debugfs', 'securityfs', 'bpf', 'mqueue', 'pstore', 'configfs', 'fusectl', 'hugetlbfs', 'binfmt_misc', 'efivarfs', 'autofs']);
/** What a mount must keep when it is made read-only by somebody who is not the machine's root. */
const KEPT_OPTIONS = ['nosuid', 'nodev', 'noexec'];
const INODES_MIN = 1024;
const BYTES_PER_INODE = 4096;
/** Room for the directories on the way to what is seen. */
const EMPTY = 'size=256k,mode=755,nosuid,nodev';

/**
 * The view as an fstab(5) for `mount --all`, from the root down:
 *
 *   /                      the machine's files, read-only
 *   /tmp                   the worker's own, of its size
 *   /dev                   null, zero, random and accelerators
 *   every hidden directory an empty tmpfs
 *   what is kept           bound back, read-only; whatever is hidden under it stays so
 */
export function mountTable(view: View): string {
  const { temporary, devices } = view;
  const at = (path: string): string => join(view.root, path);
  const bind = (source: string, target: string, options: string): string => line(source, at(target), 'none', `rbind,${options}`);
  const readOnly = (path: string, extra = ''): string => bind(path, path, `ro${keptOptions(view.mounts, path)}${extra}`);
  const replaced = [TEMPORARY, ...temporary.aliases, '/dev'];
  const hidden = [...new Set(view.hidden)].filter((path) => !replaced.includes(path));
  const isReplaced = (path: string): boolean => [...hidden, ...replaced].some((directory) => path === directory || isUnder(path, directory));
  const disks = view.mounts.filter(({ target, type, options }) => target !== '/' && !KERNEL_TYPES.has(type) && options.includes('rw') && !isReplaced(target));
  const layers = [
    ...[...new Set(disks.map(({ target }) => target))].map((path) => ({ path, text: readOnly(path) })),
    ...hidden.map((path) => ({ path, text: line('tmpfs', at(path), 'tmpfs', `${EMPTY},X-mount.mkdir`) })),
    ...[...new Set(view.kept)].filter(isReplaced).map((path) => ({ path, text: readOnly(path, ',X-mount.mkdir') })),
    ...view.writable.map((path) => ({ path, text: bind(path, path, 'rw,X-mount.mkdir') })),
  ];
  return [
    readOnly('/'),
    temporary.directory === null ? line('tmpfs', at(TEMPORARY), 'tmpfs', `size=${temporary.bytes},nr_inodes=${inodesFor(temporary.bytes)},mode=0700,uid=${temporary.user},nosuid,nodev`) : bind(temporary.directory, TEMPORARY, 'rw'),
    bind(devices.directory, '/dev', `ro${keptOptions(view.mounts, devices.directory)}`),
    ...devices.names.map((name) => line(join('/dev', name), at(join('/dev', name)), 'none', 'bind')),
    ...temporary.aliases.map((path) => line(at(TEMPORARY), at(path), 'none', 'bind')),
    ...(view.ownProcesses ? [line('proc', at('/proc'), 'proc', 'hidepid=2,nosuid,nodev,noexec')] : []),
    ...layers.sort((left, right) => depth(left.path) - depth(right.path)).map(({ text }) => text),
    '',
  ].join('\n');
}

/** Lines of /proc/self/mountinfo, see proc(5). */
export function parseMounts(mountinfo: string): HostMount[] {
  return mountinfo.trim().split('\n').map((text) => {
    const [before = '', after = ''] = text.split(' - ');
    const fields = before.split(' ');
    return { target: unescaped(fields[4] ?? '/'), options: (fields[5] ?? '').split(','), type: after.split(' ')[0] ?? '' };
  });
}

export const isUnder = (path: string, directory: string): boolean => path.startsWith(directory === '/' ? '/' : directory + sep);

/** A file without content takes the kernel about a kilobyte, which no size of a tmpfs counts. */
const inodesFor = (bytes: number): number => Math.max(INODES_MIN, Math.ceil(bytes / BYTES_PER_INODE));

function keptOptions(mounts: readonly HostMount[], path: string): string {
  const covering = mounts.filter(({ target }) => target === path || isUnder(path, target)).reduce<HostMount | null>((best, mount) => (best && best.target.length > mount.target.length ? best : mount), null);
  return KEPT_OPTIONS.filter((option) => covering?.options.includes(option)).map((option) => `,${option}`).join('');
}

const depth = (path: string): number => path.split(sep).filter((part) => part !== '').length;
const line = (source: string, target: string, type: string, options: string): string => `${escaped(source)} ${escaped(target)} ${type} ${options} 0 0`;
const escaped = (path: string): string => path.replace(/[\s\\#]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`);
const unescaped = (path: string): string => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
