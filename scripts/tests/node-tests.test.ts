import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Tally } from './tally.ts';

const FILES = {
  zero: 'export {};',
  exit: 'process.exit(0);',
  syntax: 'const = 1;',
  mixed: `import { describe, it } from 'node:test';
    describe('suite', () => { it('holds', () => {}); it('fails', () => { throw new Error('x'); }); it.skip('waits', () => {}); });`,
  nested: `import { test } from 'node:test'; test('outer', async (t) => { await t.test('inner', () => { throw new Error('x'); }); });`,
  killed: `import { test } from 'node:test'; test('one', () => {}); test('two', async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); });`,
};

describe('the runner of node:test files', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'lepton-runner-'))));
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs files in a process of its own, since node:test refuses to run inside itself. */
  function run(...names: (keyof typeof FILES)[]): Tally {
    const files = names.map((name) => join(directory, `${name}.test.mjs`));
    names.forEach((name, index) => writeFileSync(files[index] as string, FILES[name]));
    const main = join(directory, 'main.ts');
    writeFileSync(main, `import { runNodeTests } from ${JSON.stringify(join(import.meta.dirname, 'node-tests.ts'))};
      console.log('\\n' + JSON.stringify(await runNodeTests(${JSON.stringify(directory)}, ${JSON.stringify(files)}, 2)));`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const output = execFileSync(process.execPath, [main], { env, encoding: 'utf8' });
    return JSON.parse(output.trim().split('\n').at(-1) as string) as Tally;
  }

  for (const name of ['zero', 'exit', 'syntax'] as const) {
    it(`counts a file that runs no test as a failure: ${name}`, () => {
      const { passed, failed } = run(name);
      assert.deepEqual({ passed, failed }, { passed: 0, failed: 1 });
    });
  }

  it('counts tests, not suites', () => {
    const { passed, failed, skipped } = run('mixed');
    assert.deepEqual({ passed, failed, skipped }, { passed: 1, failed: 1, skipped: 1 });
  });

  it('counts a failure once, where it happened', () => {
    assert.equal(run('nested').failed, 1);
  });

  it('counts a file that is killed half-way as a failure, and goes on with the others', () => {
    const { passed, failed } = run('killed', 'mixed');
    assert.ok(passed >= 1);
    assert.equal(failed, 2);
  });
});
