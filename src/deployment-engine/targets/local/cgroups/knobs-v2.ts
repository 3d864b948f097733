import { type Knobs, readField, readNumber, scaled, writeIfThere } from './knobs.ts';
import { CPU_PERIOD_US } from './weights.ts';

const WEIGHT_NORMAL = 100;
const QUOTA_MIN_US = 1_000;

/** Control groups version 2: Documentation/admin-guide/cgroup-v2.rst of the kernel. */
export const KNOBS_V2: Knobs = {
  version: 2,
  write: {
    memoryBytes(files, directory, bytes) {
      files.write(`${directory}/memory.max`, bytes === null ? 'max' : String(bytes));
      // A limit that only moves pages to a disk does not bite.
      writeIfThere(files, `${directory}/memory.swap.max`, bytes === null ? 'max' : '0');
    },
    cpuWeight: (files, directory, weight) => files.write(`${directory}/cpu.weight`, String(weight)),
    cpus: (files, directory, cpus) => files.write(`${directory}/cpu.max`, `${cpus === null ? 'max' : Math.max(QUOTA_MIN_US, Math.round(cpus * CPU_PERIOD_US))} ${CPU_PERIOD_US}`),
    cpuset(files, directory, cpuset) {
      files.write(`${directory}/cpuset.cpus`, cpuset ?? '\n');
      const effective = files.read(`${directory}/cpuset.cpus.effective`)?.trim();
      if (cpuset !== null && effective !== undefined && effective !== files.read(`${directory}/cpuset.cpus`)?.trim()) throw new Error(`of the cores ${cpuset} the worker may only have ${effective}`);
    },
    pids: (files, directory, pids) => files.write(`${directory}/pids.max`, pids === null ? 'max' : String(pids)),
  },
  read: {
    memoryBytes: (files, directory) => readNumber(files, directory, 'memory.max'),
    cpuWeight: (files, directory) => readNumber(files, directory, 'cpu.weight') ?? WEIGHT_NORMAL,
    cpus(files, directory) {
      const [quota, period] = (files.read(`${directory}/cpu.max`) ?? 'max').trim().split(' ');
      return quota === 'max' ? null : Number(quota) / Number(period ?? CPU_PERIOD_US);
    },
    cpuset: (files, directory) => files.read(`${directory}/cpuset.cpus`)?.trim() || null,
    pids: (files, directory) => readNumber(files, directory, 'pids.max'),
  },
  /** Half a worker is of no use: all its processes end together for want of memory. */
  prepare(files, directory, controllers) {
    if (controllers.includes('memory')) writeIfThere(files, `${directory}/memory.oom.group`, '1');
  },
  oomKills: (files, directoryOf) => readField(files, directoryOf('memory'), 'memory.events', 'oom_kill'),
  counters(files, directoryOf) {
    const memory = directoryOf('memory');
    const cpu = directoryOf('cpu');
    const charged = readNumber(files, memory, 'memory.current');
    return {
      cpuSeconds: scaled(readField(files, cpu, 'cpu.stat', 'usage_usec'), 1e-6),
      throttledSeconds: scaled(readField(files, cpu, 'cpu.stat', 'throttled_usec'), 1e-6),
      memoryBytes: charged === null ? null : Math.max(0, charged - (readField(files, memory, 'memory.stat', 'inactive_file') ?? 0)),
      memoryPeakBytes: readNumber(files, memory, 'memory.peak'),
      oomKills: this.oomKills(files, directoryOf),
      threads: readNumber(files, directoryOf('pids'), 'pids.current'),
    };
  },
  /** The kernel ends a whole group itself since 5.14. */
  kill(files, directoryOf, signalAll) {
    const directory = directoryOf('pids') ?? directoryOf('memory') ?? directoryOf('cpu');
    if (directory === null) return;
    writeIfThere(files, `${directory}/pids.max`, '0');
    if (files.has(`${directory}/cgroup.kill`)) files.write(`${directory}/cgroup.kill`, '1');
    else signalAll();
  },
};
