/** What the clients of a soak have done and seen, by kind. */
export class SoakTally {
  readonly done = new Map<string, number>();
  /** What should not have happened, with how often. */
  readonly failures = new Map<string, number>();

  did(kind: string): void {
    this.done.set(kind, (this.done.get(kind) ?? 0) + 1);
  }

  failed(kind: string, what: string): void {
    const key = `${kind}: ${what.slice(0, 300)}`;
    this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
  }

  get total(): number {
    return [...this.done.values()].reduce((sum, count) => sum + count, 0);
  }

  get failureCount(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  describe(): string {
    return [...this.done].map(([kind, count]) => `${kind} ${count}`).join(', ');
  }
}
