/** JSON has no word for a limit that isn't there. */
const INFINITE = 'Infinity';

/** JSON of a scheduler's input or plan, from which the very same is read again. */
export const schedulerJson = (value: unknown): string => JSON.stringify(value, (_key, one: unknown) => (one === Number.POSITIVE_INFINITY ? INFINITE : one));
export const fromSchedulerJson = (text: string): unknown => JSON.parse(text, (_key, one: unknown) => (one === INFINITE ? Number.POSITIVE_INFINITY : one));
