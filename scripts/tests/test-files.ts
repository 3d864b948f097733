import { globSync } from 'node:fs';
import { join } from 'node:path';

/** One group of test files that run together. */
export interface TestGroup {
  readonly name: string;
  readonly patterns: readonly string[];
  /** Files at once. End-to-end tests count failures under load, so they have the machine to themselves. */
  readonly concurrency: number;
  /** Needs a Chromium. */
  readonly browser?: true;
}

export const TEST_GROUPS: readonly TestGroup[] = [
  { name: 'architecture', patterns: ['test/architecture/**/*.test.ts'], concurrency: 1 },
  { name: 'unit', patterns: ['src/**/*.test.ts', 'clients/**/*.test.ts', 'scripts/**/*.test.ts', 'examples/**/*.test.ts', 'benchmarks/**/*.test.ts'], concurrency: 2 },
  { name: 'integration', patterns: ['test/integration/**/*.test.ts'], concurrency: 1 },
  { name: 'hostile clients', patterns: ['test/hostile/**/*.test.ts', 'test/fuzz/**/*.test.ts'], concurrency: 2 },
  { name: 'dashboard', patterns: ['test/dashboard/**/*.test.ts'], concurrency: 1, browser: true },
  { name: 'end to end', patterns: ['test/e2e/**/*.test.ts'], concurrency: 2 },
];

/** Run by `make test-frameworks` alone. */
export const FRAMEWORK_GROUP: TestGroup = { name: 'frameworks', patterns: ['test/frameworks/**/*.test.ts'], concurrency: 1 };

/** Absolute paths of a group's files whose path contains one of `only` (all when `only` is empty), sorted. */
export function testFiles(root: string, group: TestGroup, only: readonly string[]): readonly string[] {
  return globSync([...group.patterns], { cwd: root, exclude: (name) => name.includes('node_modules') })
    .filter((file) => !only.length || only.some((part) => file.includes(part)))
    .sort()
    .map((file) => join(root, file));
}
