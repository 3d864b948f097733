/**
 * Who gets the CPU first where it is short. Each number is a share beside those of the same level:
 *
 *   the host's other processes (each counts 100)
 *   └─ lepton-…  PLATFORM
 *        ├─ gateway   GATEWAY   moves every request of every version: it needs moments, at once
 *        ├─ worker-…  a worker's own weight, 100 unless the scheduler says otherwise
 *        └─ control   CONTROL   hashes, commits and solves; nobody waits for that with a request
 */
export const PLATFORM_CPU_WEIGHT = 1_000;
export const GATEWAY_CPU_WEIGHT = 1_000;
export const CONTROL_CPU_WEIGHT = 50;

/** Time over which a quota of cores is counted out. */
export const CPU_PERIOD_US = 100_000;
