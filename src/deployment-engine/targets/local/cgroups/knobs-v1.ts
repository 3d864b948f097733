import { CPU_WEIGHT_MAX } from '../../limits.ts';
import { type CgroupFiles, errorCode } from './cgroup-files.ts';
import { type Knobs, readField, readNumber, scaled, writeIfThere } from './knobs.ts';
import { CPU_PERIOD_US } from './weights.ts';

/** cpu.shares counts 1024 as normal, from 2 on. */
const SHARES_NORMAL = 1024;
const SHARES_MIN = 2;
const QUOTA_MIN_US = 1_000;
/** The kernel says "no limit" as the largest number of whole pages. */
const UNLIMITED_FROM = 2 ** 62;

/** Control groups version 1: Documentation/admin-guide/cgroup-v1 of the kernel. */
export const KNOBS_V1: Knobs = {
  version: 1,
  write: {
    memoryBytes: writeMemory,
    cpuWeight: (files, directory, weight) => files.write(`${directory}/cpu.shares`, String(Math.max(SHARES_MIN, Math.round((weight * SHARES_NORMAL) / 100)))),
    cpus(files, directory, cpus) {
      files.write(`${directory}/cpu.cfs_period_us`, String(CPU_PERIOD_US));
      files.write(`${directory}/cpu.cfs_quota_us`, cpus === null ? '-1' : String(Math.max(QUOTA_MIN_US, Math.round(cpus * CPU_PERIOD_US))));
    },
    cpuset: (files, directory, cpuset) => files.write(`${directory}/cpuset.cpus`, cpuset ?? parentCpus(files, directory)),
    pids: (files, directory, pids) => files.write(`${directory}/pids.max`, pids === null ? 'max' : String(pids)),
  },
  read: {
    memoryBytes: (files, directory) => limited(readNumber(files, directory, 'memory.limit_in_bytes')),
    cpuWeight: (files, directory) => Math.min(CPU_WEIGHT_MAX, Math.max(1, Math.round(((readNumber(files, directory, 'cpu.shares') ?? SHARES_NORMAL) * 100) / SHARES_NORMAL))),
    cpus(files, directory) {
      const quota = readNumber(files, directory, 'cpu.cfs_quota_us') ?? -1;
      return quota < 0 ? null : quota / (readNumber(files, directory, 'cpu.cfs_period_us') ?? CPU_PERIOD_US);
    },
    cpuset(files, directory) {
      const cpus = files.read(`${directory}/cpuset.cpus`)?.trim() ?? '';
      return cpus === '' || cpus === parentCpus(files, directory) ? null : cpus;
    },
    pids: (files, directory) => readNumber(files, directory, 'pids.max'),
  },
  /** A set of cores without any takes no process: it starts with its parent's. */
  prepare(files, directory, controllers) {
    if (!controllers.includes('cpuset')) return;
    files.write(`${directory}/cpuset.cpus`, parentCpus(files, directory));
    files.write(`${directory}/cpuset.mems`, files.read(`${directory}/../cpuset.mems`)?.trim() ?? '0');
  },
  oomKills: (files, directoryOf) => readField(files, directoryOf('memory'), 'memory.oom_control', 'oom_kill'),
  counters(files, directoryOf) {
    const memory = directoryOf('memory');
    const charged = readNumber(files, memory, 'memory.usage_in_bytes');
    return {
      cpuSeconds: scaled(readNumber(files, directoryOf('cpuacct'), 'cpuacct.usage'), 1e-9),
      throttledSeconds: scaled(readField(files, directoryOf('cpu'), 'cpu.stat', 'throttled_time'), 1e-9),
      memoryBytes: charged === null ? null : Math.max(0, charged - (readField(files, memory, 'memory.stat', 'total_inactive_file') ?? 0)),
      memoryPeakBytes: readNumber(files, memory, 'memory.max_usage_in_bytes'),
      oomKills: this.oomKills(files, directoryOf),
      threads: readNumber(files, directoryOf('pids'), 'pids.current'),
    };
  },
  kill(files, directoryOf, signalAll) {
    const pids = directoryOf('pids');
    if (pids) writeIfThere(files, `${pids}/pids.max`, '0');
    signalAll();
  },
};

/** Swap counts as memory where it is counted at all: a limit that only moves pages to a disk does not bite. */
function writeMemory(files: CgroupFiles, directory: string, bytes: number | null): void {
  const text = bytes === null ? '-1' : String(bytes);
  const before = limited(readNumber(files, directory, 'memory.limit_in_bytes'));
  const grows = bytes === null || (before !== null && bytes > before);
  // memory + swap may never be below memory.
  if (grows) writeSwap(files, directory, text);
  files.write(`${directory}/memory.limit_in_bytes`, text);
  if (!grows) writeSwap(files, directory, text);
}

function writeSwap(files: CgroupFiles, directory: string, text: string): void {
  try {
    writeIfThere(files, `${directory}/memory.memsw.limit_in_bytes`, text);
  } catch (error) {
    if (errorCode(error) !== 'ENOTSUP') throw error;
  }
}

const limited = (bytes: number | null): number | null => (bytes === null || bytes >= UNLIMITED_FROM ? null : bytes);

function parentCpus(files: CgroupFiles, directory: string): string {
  return files.read(`${directory}/../cpuset.effective_cpus`)?.trim() || files.read(`${directory}/../cpuset.cpus`)?.trim() || '0';
}
