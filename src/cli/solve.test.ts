import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { PaperPoint } from '../deployment-engine/scheduler/index.ts';
import { runAlone } from './support/run-process.ts';

const CASE = fileURLToPath(new URL('../../examples/paper/case.yaml', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'lepton-solve-'));
after(() => rmSync(directory, { recursive: true }));
const close = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

describe('solve --paper', () => {
  it('shows the published point, the optimum, and the platform’s own program, without a server', async () => {
    const { code, stdout, stderr } = await runAlone('solve', '--paper', CASE);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '', 'no platform was started');
    assert.match(stdout, /^published +0\.5, 0\.25, 0\.333 +0\.25, 0\.125, 0\.166 +0\.166, 0\.083, 0\.111 +2\.08450 +yes$/m);
    assert.match(stdout, /^optimum \(HiGHS [\d.]+\) +0, 0, 0 +0, 0, 0 +0, 0, 0 +3\.00000 +yes$/m);
    assert.match(stdout, /serving nothing is best, by 0\.91550/);
    assert.match(stdout, /^model-2 +1 +4 +8\.0 GiB +1 +1/m);
    assert.match(stdout, /model-3 .*12 GiB of memory where 4 GiB are left and 30 GiB of storage where 10 GiB are left/);
  });

  it('has the exact numbers as JSON', async () => {
    const { stdout } = await runAlone('solve', '--paper', CASE, '--json');
    const { published, optimum, platform } = JSON.parse(stdout);
    close(published.objective, 3 - 3.998 / 8 - 3.992 / 16 - 6.65 / 40);
    assert.equal(published.feasible, true);
    assert.deepEqual(published.checks.slice(0, 3).map(({ value, limit, tolerance }: { value: number; limit: number; tolerance: number }) => [Number(value.toFixed(9)), limit, Number(tolerance.toFixed(9))]), [[3.998, 8, 0.006], [3.992, 16, 0.012], [6.65, 40, 0.03]]);
    assert.equal(optimum.objective, 3);
    assert.deepEqual([...optimum.x, ...optimum.y, ...optimum.z], Array(9).fill(0));
    // 0.9 + 0.8 less 6 cores at 0.001 and 12 GiB at 0.0001.
    close(platform.objective, 1.7 - 0.006 - 0.0012);
    assert.deepEqual(platform.versions.map(({ served }: { served: number }) => served), [1, 1, 0]);
  });

  it('finds a point that is not feasible, but for rounding', async () => {
    const check = async (x: string): Promise<PaperPoint> => {
      const path = join(directory, 'case.yaml');
      writeFileSync(path, `totals: {cpu: 1, memory: 1, storage: 1}\nmodels: [{name: a, cpu: 1, memory: 1, storage: 1, threshold: 0.333, weight: 2, arrivalRate: 0.1}]\npublished: {x: [${x}], y: [0.5], z: [0.5]}\n`);
      return (JSON.parse((await runAlone('solve', '--paper', path, '--json')).stdout) as { published: PaperPoint }).published;
    };
    assert.equal((await check('0.167')).feasible, true, '2 × 0.167 is over 0.333 by rounding only');
    const wrong = await check('0.168');
    assert.equal(wrong.feasible, false);
    assert.deepEqual(wrong.checks.filter(({ holds }) => !holds).map(({ constraint }) => constraint), ['performance of a']);
    assert.ok(wrong.checks.some(({ constraint, value }) => constraint === 'arrivals of a' && value === 0.2));
    assert.equal((await check('-0.1')).feasible, false);
  });

  it('exports both programs', async () => {
    assert.equal((await runAlone('solve', '--paper', CASE, '--export', join(directory, 'programs'))).code, 0);
    assert.match(readFileSync(join(directory, 'programs/paper.lp'), 'utf8'), /^Maximize\n _obj: - 0\.25 x\.of\.model_x2d_1/m);
    assert.match(readFileSync(join(directory, 'programs/platform.mps'), 'utf8'), /^ENDATA$/m);
  });

  const refused = async (text: string, message: RegExp): Promise<void> => {
    const path = join(directory, 'wrong.yaml');
    writeFileSync(path, text);
    const { code, stderr } = await runAlone('solve', '--paper', path);
    assert.equal(code, 2, stderr);
    assert.match(stderr, message);
  };
  it('says what is wrong in a file, and where', async () => {
    const whole = readFileSync(CASE, 'utf8');
    await refused(whole.replace('threshold: 0.9', 'treshold: 0.9'), /wrong\.yaml: models\[0\]: unknown key "treshold"; did you mean threshold\?/);
    await refused(whole.replace('cpu: 2', 'cpu: -2'), /models\[0\]\.cpu: -2 is not allowed: a number from/);
    await refused(whole.replace('model-2', 'model-1'), /models\[1\].*two model-1/);
    await refused(whole.replace('x: [0.5, 0.25, 0.333]', 'x: [0.5, 0.25]'), /published\.x: \[0\.5,0\.25\] is not allowed: a list of 3/);
    await refused(whole.replace(/^totals.*$/m, ''), /totals: is missing/);
    await refused('a: [1', /wrong\.yaml: /);
    await refused('totals: *nowhere\n', /^error: .*wrong\.yaml: .*nowhere/);
    const { code, stderr } = await runAlone('solve', '--paper', join(directory, 'none.yaml'));
    assert.equal(code, 2);
    assert.match(stderr, /none\.yaml: ENOENT/);
  });
});
