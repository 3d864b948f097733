/** What the graph needs of a version. */
export interface GraphVersion {
  readonly version: string;
  readonly digest: string;
  /** Digest of the version that it comes from. */
  readonly parent: string | null;
}

export interface GraphNode {
  readonly version: string;
  /** Column, from 0. */
  readonly lane: number;
  /** Row of the version that it comes from, further down; null: it has none here. */
  readonly parentRow: number | null;
}

/** Lanes that are drawn; further branches share the last one. */
export const LANES_MAX = 8;

/**
 * Places versions, newest first, in a graph of their lineage: each in a row, branches in lanes. The first child of a version
 * goes on in its lane, others open one; a lane is free again above the newest version of its branch.
 *
 *   ●   v3        lane 0
 *   │ ● v2-large  lane 1
 *   ● │ v2
 *   ●─┘ v1
 */
export function lineage(versions: readonly GraphVersion[]): readonly GraphNode[] {
  const rowOf = new Map<string, number>();
  // Of versions with the same content the oldest is the parent.
  versions.forEach(({ digest }, row) => rowOf.set(digest, row));
  const parentRows = versions.map(({ parent }, row) => {
    const found = parent === null ? undefined : rowOf.get(parent);
    return found !== undefined && found > row ? found : null;
  });
  const lanes: number[] = [];
  // For each lane, the row above which it is taken: its newest version's.
  const takenUpTo: number[] = [];
  const newestOf = newestInLine(parentRows);
  const continued = new Set<number>();
  for (let row = versions.length - 1; row >= 0; row--) {
    const parentRow = parentRows[row] as number | null;
    const inherits = parentRow !== null && !continued.has(parentRow);
    if (inherits) continued.add(parentRow);
    const from = parentRow ?? row;
    lanes[row] = inherits ? (lanes[parentRow] as number) : freeLane(takenUpTo, from);
    takenUpTo[lanes[row] as number] = newestOf[row] as number;
  }
  return versions.map(({ version }, row) => ({ version, lane: Math.min(lanes[row] as number, LANES_MAX - 1), parentRow: parentRows[row] as number | null }));
}

/** The first lane that nothing uses from this row upwards. */
function freeLane(takenUpTo: readonly number[], fromRow: number): number {
  const found = takenUpTo.findIndex((newest) => newest > fromRow);
  return found < 0 ? takenUpTo.length : found;
}

/** For each row, the newest row of the line that goes on from it in the same lane: its oldest child's, and so on. */
function newestInLine(parentRows: readonly (number | null)[]): readonly number[] {
  const newest: number[] = [];
  const oldestChild = new Map<number, number>();
  for (let row = 0; row < parentRows.length; row++) {
    const parentRow = parentRows[row];
    // Rows grow with age, so the last one seen is the oldest child.
    if (parentRow != null) oldestChild.set(parentRow, row);
    const child = oldestChild.get(row);
    newest[row] = child === undefined ? row : (newest[child] as number);
  }
  return newest;
}
