/** What a runner did. The sum over all runners is the last line of `make test`. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each failure and each skip, with its reason. */
  readonly notes: readonly string[];
}

export const NOTHING: Tally = { passed: 0, failed: 0, skipped: 0, notes: [] };

export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped, notes: [...a.notes, ...b.notes] };
}

/** One check that either holds or not. */
export function check(holds: boolean, note: string): Tally {
  return holds ? { ...NOTHING, passed: 1 } : { ...NOTHING, failed: 1, notes: [`failed: ${note}`] };
}

/** A runner that ran nothing has failed: silence must not look like success. */
export function refuseEmpty(tally: Tally, runner: string): Tally {
  return tally.passed + tally.failed + tally.skipped > 0 ? tally : check(false, `${runner}: ran no test`);
}

/** `N passed, N failed[, N skipped]` */
export function countsLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}
