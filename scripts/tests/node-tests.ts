import { relative } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { add, check, NOTHING, refuseEmpty, type Tally } from './tally.ts';

/** Longest run of one test file before it counts as hung, milliseconds. */
const FILE_TIMEOUT_MS = Math.max(300_000, Number(process.env['ROUNDS'] || 0) * 60_000);
/** Characters of one failure's text that are printed. */
const FAILURE_TEXT_MAX = 6_000;

interface TestData {
  readonly name: string;
  readonly file?: string | undefined;
  /** The file that was run, where `file` is the one that holds the test. */
  readonly entryFile?: string | undefined;
  readonly skip?: string | boolean | undefined;
  readonly todo?: string | boolean | undefined;
  readonly details: { readonly type?: string | undefined; readonly duration_ms: number; readonly error?: Error & { failureType?: unknown } };
}

/**
 * Runs files with node:test, each in a process of its own, and prints a line a file and every failure. A file that
 * crashes, hangs or holds no test is a failure.
 */
export async function runNodeTests(root: string, files: readonly string[], concurrency: number): Promise<Tally> {
  if (!files.length) return NOTHING;
  const progress = new FileProgress(root, files.length);
  const stream = run({ files: [...files], concurrency, isolation: 'process', timeout: FILE_TIMEOUT_MS, cwd: root });
  let total = NOTHING;
  for await (const event of stream) {
    const tally = tallyOf(root, event.type, event.data as unknown as TestData);
    const { entryFile, file } = (event.data ?? {}) as { entryFile?: string; file?: string };
    // Tests may be written in a shared suite; they count for the file that ran them.
    progress.note(entryFile ?? file, tally);
    if (event.type === 'test:summary' && event.data.file) progress.end(event.data.file, event.data.duration_ms);
    total = add(total, tally);
  }
  return refuseEmpty(total, 'node:test');
}

/** The part of the total that one event of the runner stands for. */
export function tallyOf(root: string, type: string, data: TestData): Tally {
  if (type !== 'test:pass' && type !== 'test:fail') return NOTHING;
  const file = data.entryFile ?? data.file;
  const where = file ? relative(root, file) : 'node:test';
  // The runner reports a file as a test only when it has nothing else to report for it.
  if (data.name === data.file) return check(false, type === 'test:pass' ? `${where}: holds no test` : `${where}: crashed, hung or did not load`);
  const byItsTests = data.details.error?.failureType === 'subtestsFailed';
  // Its tests were counted one by one; what is left are its hooks.
  if (data.details.type === 'suite' && (type === 'test:pass' || byItsTests)) return NOTHING;
  if (data.skip !== undefined || data.todo !== undefined) return { ...NOTHING, skipped: 1, notes: [`skipped: ${where}: ${data.name}${reasonOf(data)}`] };
  if (type === 'test:pass') return { ...NOTHING, passed: 1 };
  if (byItsTests) return NOTHING;
  printFailure(where, data);
  return check(false, `${where}: ${data.name}`);
}

function reasonOf(data: TestData): string {
  const reason = data.skip ?? data.todo;
  return typeof reason === 'string' && reason ? ` (${reason})` : '';
}

function printFailure(where: string, data: TestData): void {
  const error = data.details.error;
  const text = inspect(error?.cause ?? error, { depth: 6, breakLength: 120 });
  console.log(`\n✖ ${where}: ${data.name} (${Math.round(data.details.duration_ms)} ms)\n${text.slice(0, FAILURE_TEXT_MAX)}\n`);
}

/** One line for each file that has ended. */
class FileProgress {
  readonly #root: string;
  readonly #total: number;
  #ended = 0;
  readonly #byFile = new Map<string, Tally>();

  constructor(root: string, total: number) {
    this.#root = root;
    this.#total = total;
  }

  note(file: string | undefined, tally: Tally): void {
    if (file) this.#byFile.set(file, add(this.#byFile.get(file) ?? NOTHING, tally));
  }

  end(file: string, durationMs: number): void {
    this.#ended++;
    const { passed, failed, skipped } = this.#byFile.get(file) ?? NOTHING;
    const counts = [`${passed} passed`, failed ? `${failed} FAILED` : '', skipped ? `${skipped} skipped` : ''].filter(Boolean).join(', ');
    console.log(`  [${this.#ended}/${this.#total}] ${relative(this.#root, file)}: ${counts} (${(durationMs / 1000).toFixed(1)} s)`);
  }
}
