import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { tailLog, trimLog } from '../index.ts';

describe('replica log', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lepton-log-'));
  });
  after(() => rm(directory, { recursive: true }));

  it('shows whole lines from the end', async () => {
    const file = join(directory, 'tail.log');
    await writeFile(file, 'first line\nsecond line\nthird line\n');
    assert.equal(tailLog(file, 1_000), 'first line\nsecond line\nthird line\n');
    assert.equal(tailLog(file, 15), 'third line\n');
    assert.equal(tailLog(join(directory, 'none.log'), 15), '');
  });

  it('is trimmed to its tail while its writer goes on appending', async () => {
    const file = join(directory, 'trim.log');
    const writer = openSync(file, 'a');
    try {
      for (let line = 0; line < 1_000; line++) writeSync(writer, `line ${line}\n`);
      const size = (await stat(file)).size;
      assert.equal(trimLog(file, 1_000), size - (await stat(file)).size);
      writeSync(writer, 'after\n');
      const text = await readFile(file, 'utf8');
      assert.ok((await stat(file)).size <= 510, 'half of the limit and one line');
      assert.match(text, /^line \d+\n/);
      assert.match(text, /line 999\nafter\n$/);
      assert.ok(!text.includes('\0'), 'no hole');
    } finally {
      closeSync(writer);
    }
  });

  it('is left alone below its limit', async () => {
    const file = join(directory, 'small.log');
    await writeFile(file, 'short\n');
    assert.equal(trimLog(file, 1_000), 0);
    assert.equal(trimLog(join(directory, 'none.log'), 1_000), 0);
    assert.equal(await readFile(file, 'utf8'), 'short\n');
  });
});
