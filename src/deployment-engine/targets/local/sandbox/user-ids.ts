import { createHash } from 'node:crypto';

/** Ids that distributions leave to nobody: above those of systemd's containers, below 2^31. */
const FIRST_ID = 0x7000_0000;
const COUNT = 0x0fff_0000;
const COUNT_MIN = 1024;

export interface IdRange {
  readonly first: number;
  readonly count: number;
}

/**
 * Ids that this process may give to workers, from /proc/self/uid_map (user_namespaces(7)); null: too few. In a container
 * only some exist: then the last quarter of them.
 */
export function workerIds(map: string): IdRange | null {
  const ranges = map.trim().split('\n').map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
  if (ranges.some(([first, , count]) => first <= FIRST_ID && first + count >= FIRST_ID + COUNT)) return { first: FIRST_ID, count: COUNT };
  const [first, , count] = ranges.reduce((best, range) => (range[2] > best[2] ? range : best));
  const last = Math.floor(count / 4);
  return last < COUNT_MIN ? null : { first: first + count - last, count: last };
}

/**
 * An id for this replica that is none of `taken`. Another platform's replica of the same name must get another one, since all
 * that runs under an id ends with it: `replica` is a path of its platform's.
 */
export function chooseId(replica: string, { first, count }: IdRange, taken: ReadonlySet<number>): number {
  let offset = createHash('sha256').update(replica).digest().readUInt32BE(0) % count;
  while (taken.has(first + offset)) offset = (offset + 1) % count;
  return first + offset;
}
