import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePort, ROOT, until } from './harness.ts';

interface Block {
  readonly background: boolean;
  readonly commands: readonly string[];
}

/** The blocks of the README that are marked `<!-- tour -->` or `<!-- tour: background -->`. */
function readTour(): readonly Block[] {
  const text = readFileSync(join(ROOT, 'README.md'), 'utf8');
  return [...text.matchAll(/<!-- tour(: background)? -->\n```console\n([\s\S]*?)```/g)].map(([, background, body = '']) => ({
    background: background !== undefined,
    commands: body.split('\n').map((line) => line.trim()).filter(Boolean),
  }));
}

describe('the five-minute tour', () => {
  const tour = readTour();
  let directory: string;
  let server: ChildProcess | undefined;
  /** The ports that the README names, and those that are free here. */
  const ports = new Map<string, number>();
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lepton-tour-'));
    for (const name of ['bin', 'examples', 'node_modules']) symlinkSync(join(ROOT, name), join(directory, name));
    for (const port of ['8080', '8081']) ports.set(`127.0.0.1:${port}`, await freePort());
  });
  after(async () => {
    if (server && server.exitCode === null && server.signalCode === null) {
      const gone = once(server, 'exit');
      server.kill('SIGTERM');
      await gone;
    }
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  });

  const here = (command: string): string => [...ports].reduce((text, [address, port]) => text.replaceAll(address, `127.0.0.1:${port}`), command);

  function run(command: string): ChildProcess {
    const env = { PATH: process.env['PATH'], HOME: directory, TMPDIR: directory, LEPTON_URL: here('http://127.0.0.1:8080') };
    return spawn('bash', ['-c', `set -o pipefail; ${here(command)}`], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async function outputOf(command: string): Promise<string> {
    const child = run(command);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0, `${command}\n${output}`);
    return output;
  }

  it('is in the README, in both languages the same', () => {
    assert.ok(tour.filter(({ background }) => !background).length >= 5);
    const chinese = readFileSync(join(ROOT, 'README.zh-CN.md'), 'utf8');
    for (const { commands } of tour) assert.ok(chinese.includes(`\`\`\`console\n${commands.join('\n')}\n\`\`\``), commands.join('\n'));
  });

  it('starts the platform as it says', async () => {
    const [start] = tour.filter(({ background }) => background).flatMap(({ commands }) => commands);
    assert.ok(start);
    const child = run(`exec ${start}`);
    server = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await until('the platform answers', async () => {
      assert.equal(child.exitCode, null, output);
      return (await fetch(here('http://127.0.0.1:8080/api/v1/status'))).ok;
    });
  });

  for (const command of tour.filter(({ background }) => !background).flatMap(({ commands }) => commands)) {
    it(`runs: ${command}`, async () => {
      const output = await outputOf(command);
      if (!/label set|traffic /.test(command)) assert.notEqual(output.trim(), '', 'says something');
    });
  }

  it('has left a service that the declaration describes, so that applying it again changes nothing', async () => {
    assert.match(await outputOf('bin/lepton-ai apply -f examples/my-service.yaml --dry-run'), /no change|nothing|unchanged/i);
  });
});
