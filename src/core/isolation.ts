/** What a worker is kept from; each is a slot of the report. */
export const ISOLATION_SLOTS = ['network', 'files', 'user', 'storage', 'privileges'] as const;
export type IsolationSlot = (typeof ISOLATION_SLOTS)[number];

/** Whether one of them holds. */
export interface IsolationState {
  readonly enforced: boolean;
  /** What makes it hold; 'none' where nothing does. */
  readonly by: 'namespace' | 'user id' | 'tmpfs' | 'counting' | 'no_new_privs' | 'container' | 'none';
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

/** A report in which nothing holds, for one reason. */
export function unisolated(reason: string): IsolationReport {
  return Object.fromEntries(ISOLATION_SLOTS.map((slot) => [slot, { enforced: false, by: 'none', reason }])) as unknown as IsolationReport;
}
