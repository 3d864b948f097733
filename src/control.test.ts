import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runControl } from './control.ts';
import { temporaryDirectory, testConfig } from './testing/platform-harness.ts';

describe('control: what ends the start', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  before(async () => {
    directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'file'), '');
  });
  after(() => directory.remove());

  async function failure(flags: Readonly<Record<string, string>>): Promise<readonly [exitCode: number, output: string]> {
    let output = '';
    const add = (text: string): void => void (output += text);
    const exitCode = await runControl(testConfig(directory.path, { 'data-dir': join(directory.path, 'data'), ...flags }), { out: add, err: add });
    return [exitCode, output];
  }

  it('a data directory that cannot be made or written to', async () => {
    const { path } = directory;
    for (const [data, why] of [['/proc/nope', 'ENOENT.*mkdir'], ['/proc/nope/deeper', 'ENOENT.*mkdir'], ['/proc', 'unable to open'], [join(path, 'file'), `${join(path, 'file')} is not a directory`], [join(path, 'file', 'below'), 'is not a directory|ENOTDIR']]) {
      const [exitCode, output] = await failure({ 'data-dir': data as string });
      assert.equal(exitCode, 2);
      assert.match(output, new RegExp(`^error: data directory ${data} can't be used: .*(?:${why})`));
    }
  });

  it('a model repository that cannot be read, before anything is touched', async () => {
    for (const name of ['nowhere', 'file']) {
      const [exitCode, output] = await failure({ 'model-repository': join(directory.path, name) });
      assert.equal(exitCode, 2);
      assert.match(output, new RegExp(`^error: model repository ${join(directory.path, name)} can't be read: .*\\n$`));
    }
    await mkdir(join(directory.path, 'model', '1', 'model.onnx'), { recursive: true });
    const [exitCode, output] = await failure({ 'model-repository': join(directory.path, 'model') });
    assert.equal(exitCode, 2);
    assert.match(output, /is the directory of one model/);
    await assert.rejects(stat(join(directory.path, 'data')));
  });
});
