import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { LeptonError } from '../core/index.ts';
import { identityModel, scaleModel } from '../testing/onnx-models.ts';
import { openRepository, type RepositoryFixture, store } from '../testing/repository-fixture.ts';

const WHOLE = scaleModel(3);
/** Files by path, and what the refusal must say. */
const REFUSED: readonly (readonly [string, Readonly<Record<string, Uint8Array>>, RegExp])[] = [
  ['random bytes', { 'model.onnx': randomBytes(200_000) }, /model\.onnx is not an ONNX model/],
  ['a model cut short', { 'model.onnx': WHOLE.subarray(0, -1) }, /model\.onnx/],
  ['an empty file', { 'model.onnx': new Uint8Array() }, /model\.onnx is empty/],
  ['a zip archive', { 'model.onnx': Buffer.from('PK\x03\x04 and more') }, /model\.onnx .*zip archive/],
  ['text', { 'model.onnx': Buffer.from('weights go here') }, /model\.onnx .*text/],
  ['files without a model', { 'model.pt': randomBytes(100), 'readme.txt': Buffer.from('x') }, /no \.onnx file; it has model\.pt, readme\.txt/],
];

describe('a push that is refused', () => {
  let fixture: RepositoryFixture;
  before(async () => void (fixture = await openRepository()));
  after(() => fixture.close());

  /** Every file under the data directory that is not the database's. */
  async function filesLeft(): Promise<string[]> {
    const entries = await readdir(fixture.directory, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile() && !/sqlite|lock/.test(entry.name)).map((entry) => `${entry.parentPath}/${entry.name}`);
  }
  async function push(repository: string, content: Readonly<Record<string, Uint8Array>>): Promise<unknown> {
    const files = await Promise.all(Object.entries(content).map(([path, bytes]) => store(fixture.repository, path, bytes)));
    return fixture.repository.publish({ repository, version: 'v1', files, by: 'test', createRepository: true });
  }

  for (const [name, content, reason] of REFUSED) {
    it(`says why and leaves nothing: ${name}`, async () => {
      const before = await filesLeft();
      await assert.rejects(push('refused', content), (error) => error instanceof LeptonError && error.code === 'MODEL_INVALID' && error.httpStatus === 422 && reason.test(error.message));
      assert.deepEqual(await filesLeft(), before);
      await assert.rejects(fixture.repository.getRepository('refused'), (error) => error instanceof LeptonError && error.code === 'REPOSITORY_NOT_FOUND');
    });
  }

  it('disturbs no other push at the same time, nor one of a file that both have', async () => {
    const shared = Buffer.from('labels that both artefacts have');
    const outcomes = await Promise.allSettled([
      push('good', { 'model.onnx': WHOLE, 'labels.txt': shared }),
      ...REFUSED.map(([, content], index) => push(`bad-${index}`, { ...content, 'labels.txt': shared })),
      push('good-too', { 'model.onnx': identityModel('BF16') }),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status), ['fulfilled', ...REFUSED.map(() => 'rejected'), 'fulfilled']);
    assert.equal((await filesLeft()).length, 3, 'two models and the labels');
    const report = await fixture.repository.fsck();
    assert.deepEqual(report.problems, []);
  });
});
