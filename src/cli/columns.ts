/** What a table gives up where the terminal is too narrow for it. */
export interface Narrow {
  /** Stands under its row, whole, in place of a column. */
  readonly below?: string;
  /** Columns that are left out then, the least telling first. */
  readonly drop?: readonly string[];
}

export interface Layout {
  /** Index and width of each column that is shown. */
  readonly columns: readonly { readonly index: number; readonly width: number }[];
  /** Index of what stands under the rows; -1: nothing. */
  readonly below: number;
}

/** Between two columns. */
const GAP = 2;
const CUT_TO_MIN = 8;
/** Narrower than this nothing can be read, so such a column is cut only when all are. */
const CUT_TO_LEAST = 3;
/** Times say nothing when they are cut. */
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/;

/** Natural widths where they fit; else what `narrow` says, one thing after the other; at last the widest columns are cut. */
export function layOut(head: readonly string[], rows: readonly (readonly string[])[], available: number, narrow: Narrow): Layout {
  let columns = head.map((name, index) => ({ index, width: Math.max(name.length, 1, ...rows.map((row) => row[index]?.length ?? 0)) }));
  let below = -1;
  const total = (): number => columns.reduce((sum, { width }) => sum + width + GAP, -GAP);
  const without = (name: string): void => void (columns = columns.filter(({ index }) => head[index] !== name));
  if (narrow.below !== undefined && total() > available) {
    below = head.indexOf(narrow.below);
    without(narrow.below);
  }
  for (const name of narrow.drop ?? []) if (total() > available) without(name);
  const cuttable = columns.filter(({ index }) => !rows.some((row) => TIME.test(row[index] ?? '')));
  cut(cuttable, CUT_TO_MIN, () => total() - available);
  cut(columns, CUT_TO_LEAST, () => total() - available);
  return { columns, below };
}

/** Takes from the widest, one character at a time. */
function cut(columns: readonly { width: number }[], least: number, excess: () => number): void {
  while (excess() > 0) {
    const widest = columns.reduce((wide, column) => (column.width > wide.width ? column : wide), { width: least });
    if (widest.width <= least) return;
    widest.width -= 1;
  }
}

/** Lines of at most `width` characters, broken between words; a word that is longer than a line is cut. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const next = line ? `${line} ${word}` : word;
    if (next.length <= width) line = next;
    else {
      if (line) lines.push(line);
      line = word;
      for (; line.length > width; line = line.slice(width)) lines.push(line.slice(0, width));
    }
  }
  return [...lines, line];
}
