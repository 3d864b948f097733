/** What a worker is kept from; each is a slot of the report. */
export const ISOLATION_SLOTS = ['network', 'files', 'user', 'storage', 'privileges'] as const;
export type IsolationSlot = (typeof ISOLATION_SLOTS)[number];

/** Whether one of them holds. */
export interface IsolationState {
  readonly enforced: boolean;
  /** What makes it hold; 'none' where nothing does. */
  readonly by: 'cgroup v1' | 'cgroup v2' | 'rlimit' | 'namespace' | 'user id' | 'tmpfs' | 'counting' | 'no_new_privs' | 'container' | 'none';
  /** Why it does not hold, and what would help; '' when it does. */
  readonly reason: string;
}

/**
 *   network     no network; the Unix socket by file goes on working
 *   files       sees its own model, its environment and the programs, no other version's files and nothing of the platform's
 *   user        a user id of its own: no signals to others, no look into them
 *   storage     temporary files of its own, bounded, gone with it
 *   privileges  no capabilities, and no way to get any
 */
export type IsolationReport = Readonly<Record<IsolationSlot, IsolationState>>;

/** What can be limited on a host, where a deployment asks for it; each is a slot of the host's report beside the others. */
export const LIMIT_SLOTS = ['cpu', 'memory', 'pids', 'cpuset'] as const;
export type LimitSlot = (typeof LIMIT_SLOTS)[number];
export type HostIsolation = Readonly<Record<LimitSlot, IsolationState>> & IsolationReport;

/** A report in which nothing holds, for one reason. */
export function unisolated(reason: string): HostIsolation {
  return Object.fromEntries([...LIMIT_SLOTS, ...ISOLATION_SLOTS].map((slot) => [slot, { enforced: false, by: 'none', reason }])) as unknown as HostIsolation;
}
