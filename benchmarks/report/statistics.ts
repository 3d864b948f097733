/** Of several rounds: the middle, and how far apart they lie. */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly samples: readonly number[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Lowest and highest are the extremes: rounds are few, and hiding the worst would be no spread. */
export function summarise(samples: readonly number[]): Summary {
  return { median: median(samples), low: Math.min(...samples), high: Math.max(...samples), samples };
}

/** Quotients of rounds that lay side by side in time, so that what disturbed one disturbed the other. */
export function ratios(numerators: readonly number[], denominators: readonly number[]): number[] {
  if (numerators.length !== denominators.length) throw new Error(`${numerators.length} rounds against ${denominators.length}`);
  return numerators.map((value, index) => value / (denominators[index] as number));
}
