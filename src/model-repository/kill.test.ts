import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openRepository } from '../testing/repository-fixture.ts';

const ROUNDS = 15;
const WORK_MAX_MS = 600;
const PROGRAM = fileURLToPath(new URL('../testing/repository-churn.ts', import.meta.url));

/**
 * Lets the program work until a random time after it has started (even rounds) or after it has published something (odd
 * ones), kills it, and returns what it had acknowledged.
 */
async function churn(directory: string, round: number): Promise<string[]> {
  const child = spawn(process.execPath, [PROGRAM, directory, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  const reading = createInterface(child.stdout);
  const begun = new Promise<void>((resolve) => {
    reading.on('line', (line) => {
      lines.push(line);
      if (line.startsWith(round % 2 === 0 ? 'ready' : 'published')) resolve();
    });
  });
  const read = once(reading, 'close');
  await Promise.race([begun, ended]);
  await delay(Math.random() * WORK_MAX_MS);
  assert.ok(child.kill('SIGKILL'), 'the program was still at work');
  await Promise.all([ended, read]);
  return lines;
}

describe('kill -9 while versions are published and labels move', () => {
  let directory: string;
  before(async () => void (directory = await mkdtemp(join(tmpdir(), 'lepton-kill-'))));
  after(() => rm(directory, { recursive: true, force: true }));

  it(`loses nothing acknowledged and leaves nothing half in ${ROUNDS} rounds`, async (t) => {
    const published = new Set<string>();
    let moves = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await churn(directory, round);
      for (const line of lines) if (line.startsWith('published ')) published.add(line.slice('published '.length));
      const labelled = lines.filter((line) => line.startsWith('moved ')).map((line) => line.slice('moved '.length));
      moves += labelled.length;
      const { repository, close } = await openRepository({ directory });
      const versions = new Set((await repository.listVersions('churn')).map(({ version }) => version));
      for (const version of published) assert.ok(versions.has(version), `round ${round}: ${version} was acknowledged`);
      const history = (await repository.history('churn', { limit: 10_000 })).filter((entry) => entry.action === 'label-moved');
      const last = labelled.at(-1);
      // The move after the last acknowledged one may have been made already.
      if (last !== undefined) assert.ok(history.slice(0, 2).some((entry) => entry.version === last), `round ${round}: the label was moved to ${last}`);
      assert.deepEqual((await repository.fsck()).problems, [], `round ${round}`);
      assert.deepEqual(await readdir(join(directory, 'tmp')), []);
      await close();
    }
    t.diagnostic(`${published.size} versions and ${moves} label moves were acknowledged`);
    assert.ok(published.size > 0 && moves > 0, 'the rounds did something');
  });
});
