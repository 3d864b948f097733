import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SimulationResult } from '../simulation/index.ts';
import { readProfileFile } from './profile-source.ts';
import { runAlone } from './support/run-process.ts';
import { readTrace } from './trace-file.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples/simulation/', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'lepton-simulate-'));
after(() => rmSync(directory, { recursive: true }));

const write = (text: string): string => {
  const path = join(directory, 'trace.yaml');
  writeFileSync(path, text);
  return path;
};
const SMALL = `durationSeconds: 60
nodes: [{ name: n, count: 2, cpus: 2, memoryGib: 4 }]
versions:
  - { id: "a:v1", profile: { cpuMs: 10, memoryMib: 100 }, latency: { ms: 200 }, arrivals: { rate: 30 } }
  - { id: "b:v1", profile: { cpuMs: 20, memoryMib: 100 } }
recorded: arrivals.csv
`;
writeFileSync(join(directory, 'arrivals.csv'), 'seconds,version,requests\n10.5,b:v1,3\n20,b:v1,4\n');

describe('simulate', () => {
  it('compares policies without a server, and draws them', async () => {
    const svg = join(directory, 'out.svg');
    const { code, stdout, stderr } = await runAlone('simulate', '--trace', write(SMALL), '--svg', svg);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    assert.deepEqual(stdout.split('\n').slice(3, 7).map((line) => line.split(' ')[0]), ['lp', 'greedy', 'equal', 'threshold']);
    assert.match(readFileSync(svg, 'utf8'), /<polyline/);
  });

  it('has everything as JSON, the same for the same seed', async () => {
    type Result = SimulationResult & { readonly realSeconds: number };
    const results = async (seed: string): Promise<Result[]> => (JSON.parse((await runAlone('simulate', '--trace', write(SMALL), '--policy', 'lp', '--seed', seed, '--json')).stdout) as { results: Result[] }).results;
    const known = ({ realSeconds: _r, solveMsMean: _m, solveMsMax: _x, ...rest }: Result): object => rest;
    const [one, again, other] = [await results('7'), await results('7'), await results('8')];
    assert.deepEqual(one.map(known), again.map(known));
    assert.notEqual(one[0]?.requests, other[0]?.requests);
    assert.equal(one[0]?.versions.find(({ id }) => id === 'b:v1')?.requests, 7, 'what was recorded');
  });

  it('reads the examples', () => {
    const day = readTrace(join(EXAMPLES, 'day.yaml'));
    assert.deepEqual([day.versions.length, day.nodes.length, day.durationSeconds], [1000, 100, 86_400]);
    assert.equal(readTrace(join(EXAMPLES, 'bursts.yaml')).versions.length, 60);
    const digits = readTrace(join(EXAMPLES, 'digits.yaml'), { seed: 9 });
    assert.deepEqual([digits.services[0]?.name, digits.seed, digits.versions[2]?.profile.cpuSecondsPerRequest], ['digits', 9, 0.015]);
  });

  it('takes what was measured from a file that profile has written', async () => {
    const file = (profiles: unknown): void => writeFileSync(join(directory, 'a.json'), JSON.stringify({ digest: 'sha256:a', profiles }));
    const scheduler = { cpuSecondsPerRequest: 0.5, serviceVariation: 0, memoryBytes: 1e8, storageBytes: 0, networkBytesPerRequest: 0, loadSeconds: 1, gpus: 0, basis: 'observed' };
    const named = SMALL.replace('{ cpuMs: 10, memoryMib: 100 }', 'a.json');
    const read = (text: string) => readTrace(write(text), { profiles: new Map([['a.json', readProfileFile('a.json', join(directory, 'trace.yaml'))]]) }).versions[0]?.profile.cpuSecondsPerRequest;
    file([{ threads: 1, scheduler }, { threads: 2, scheduler: { ...scheduler, cpuSecondsPerRequest: 0.7 } }]);
    assert.deepEqual([read(named), read(named.replace('a:v1", ', 'a:v1", threads: 2, '))], [0.5, 0.7]);
    // Half a second of CPU at 30 requests a second is more than four cores have.
    const { stdout } = await runAlone('simulate', '--trace', write(named), '--policy', 'greedy', '--json');
    const { results } = JSON.parse(stdout) as { results: SimulationResult[] };
    assert.ok((results[0]?.served ?? 0) < (results[0]?.requests ?? 0) / 2, stdout);
    const refused = async (message: RegExp): Promise<void> => {
      const { code, stderr } = await runAlone('simulate', '--trace', write(named));
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    };
    file([{ threads: 1, scheduler: { ...scheduler, memoryBytes: 'much' } }]);
    await refused(/a\.json: profiles\[0\]\.scheduler\.memoryBytes: "much" is not allowed/);
    file([]);
    await refused(/a\.json has never run/);
    file('none');
    await refused(/a\.json: profiles: "none" is not allowed/);
    rmSync(join(directory, 'a.json'));
    await refused(/a\.json: ENOENT/);
  });

  it('says what is wrong in a file, and where', async () => {
    const refused = async (text: string, message: RegExp, ...flags: string[]): Promise<void> => {
      const { code, stderr } = await runAlone('simulate', '--trace', write(text), ...flags);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    };
    await refused(SMALL.replace('cpuMs: 10', 'cpuMs: 0'), /versions\[0\]\.profile\.cpuMs: 0 is not allowed/);
    await refused(SMALL.replace('rate: 30', 'pattern: sine, rate: 1'), /arrivals\.pattern: "sine" is not allowed: one of poisson, bursts, day, step/);
    await refused(SMALL.replace('memoryGib', 'memoryGB'), /nodes\[0\]: unknown key "memoryGB"; did you mean memoryGib\?/);
    await refused(SMALL.replace('durationSeconds: 60', 'durationSeconds: 1e7'), /at most 1000000 ticks/);
    await refused(SMALL.replace('arrivals.csv', 'none.csv'), /none\.csv: ENOENT/);
    await refused(SMALL, /there is no "best"/, '--policy', 'best');
    writeFileSync(join(directory, 'wrong.csv'), 'seconds,version,requests\nsoon,a:v1,1\n');
    await refused(SMALL.replace('arrivals.csv', 'wrong.csv'), /wrong\.csv: row 1 is/);
  });
});
