/** Numbers in [0, 1). Passed in, so that decisions repeat in tests. */
export type Random = () => number;

/** Cards of one block. */
const BLOCK = 100;
/** Weights have at most two decimals, so a card is counted in hundredths and the quotas repeat after this many blocks. */
const UNIT = 100;

/**
 * Weighted choice without the scatter of independent draws: cards are dealt from shuffled blocks of 100, and every block
 * holds each version's exact quota, give or take one card for fractions, which the next blocks make up for:
 *
 *    weights 90/10    │ 90 × A, 10 × B, shuffled │ 90 × A, 10 × B, shuffled │ …
 *    weights 99.5/.5  │ 99 × A,  1 × B, shuffled │ 100 × A,        shuffled │ …
 *
 * So any run of requests, wherever it begins, is off by at most two blocks' worth of one version's cards.
 */
export class Deck {
  readonly #versions: readonly string[];
  readonly #hundredths: readonly number[];
  /** Hundredths of a card that each version is owed; they sum to zero between blocks. */
  readonly #credits: number[];
  readonly #random: Random;
  #cards: string[] = [];

  /** `weights`: percent by version, > 0, at most two decimals. What does not sum to 100 is scaled to it. */
  constructor(weights: Readonly<Record<string, number>>, random: Random) {
    this.#versions = Object.keys(weights);
    this.#hundredths = hundredthsOf(Object.values(weights));
    this.#credits = this.#versions.map(() => 0);
    this.#random = random;
    // Begin anywhere in the cycle: otherwise decks that are renewed often would never reach a small weight's first card.
    for (let skipped = Math.floor(random() * UNIT); skipped > 0; skipped--) this.#quotas();
  }

  draw(): string {
    if (!this.#cards.length) this.#refill();
    return this.#cards.pop() as string;
  }

  #refill(): void {
    const cards = this.#quotas().flatMap((quota, index) => Array<string>(quota).fill(this.#versions[index] as string));
    for (let last = cards.length - 1; last > 0; last--) {
      const other = Math.floor(this.#random() * (last + 1));
      [cards[last], cards[other]] = [cards[other] as string, cards[last] as string];
    }
    this.#cards = cards;
  }

  /** Largest remainder, carried from block to block. */
  #quotas(): number[] {
    const due = this.#hundredths.map((weight, index) => weight + (this.#credits[index] ?? 0));
    const quotas = due.map((hundredths) => Math.max(0, Math.floor(hundredths / UNIT)));
    const order = due.map((_, index) => index).sort((a, b) => this.#owed(due, quotas, b) - this.#owed(due, quotas, a));
    let missing = BLOCK - quotas.reduce((sum, quota) => sum + quota, 0);
    for (const index of order) {
      if (missing-- <= 0) break;
      quotas[index] = (quotas[index] ?? 0) + 1;
    }
    due.forEach((_, index) => (this.#credits[index] = this.#owed(due, quotas, index)));
    return quotas;
  }

  #owed(due: readonly number[], quotas: readonly number[], index: number): number {
    return (due[index] ?? 0) - (quotas[index] ?? 0) * UNIT;
  }
}

/** Whole hundredths that sum to a full block exactly; what rounding leaves over goes to the largest. */
function hundredthsOf(weights: readonly number[]): number[] {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const rounded = weights.map((weight) => Math.round((weight / sum) * BLOCK * UNIT));
  const largest = rounded.indexOf(Math.max(...rounded));
  const rest = BLOCK * UNIT - rounded.reduce((total, weight) => total + weight, 0);
  return rounded.map((weight, index) => (index === largest ? weight + rest : weight));
}
