import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ALLOW_UNSAFE_KEY, LeptonError } from '../core/index.ts';
import { openRepository, type RepositoryFixture, store } from '../testing/repository-fixture.ts';
import type { PublishInput, PublishResult } from './types.ts';

const ENVIRONMENT = { python: '3.11', requirements: ['numpy==2.1.0'] };
const SIGNATURE = { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }] };
/** `os.system('true')`, and an empty dict, as pickles of protocol 0. */
const HARMFUL = "cposix\nsystem\n(S'true'\ntR.";
const HARMLESS = '(dp0\n.';

describe('files that would run code', () => {
  let fixture: RepositoryFixture;
  before(async () => void (fixture = await openRepository()));
  after(() => fixture.close());

  async function push(version: string, pickle: string, more: Partial<PublishInput> = {}, name = 'model.pkl'): Promise<PublishResult> {
    const descriptor = JSON.stringify({ schema: 1, format: 'sklearn', entry: 'model.pkl', signature: SIGNATURE, environment: ENVIRONMENT });
    const contents: Readonly<Record<string, string>> = { 'lepton-model.json': descriptor, 'model.pkl': HARMLESS, [name]: pickle };
    const files = await Promise.all(Object.entries(contents).map(([path, text]) => store(fixture.repository, path, Buffer.from(text))));
    return fixture.repository.publish({ repository: 'm', version, files, by: 'alice', createRepository: true, ...more });
  }
  const told = (reason: string) => fixture.events.filter((event) => event.reason === reason);
  const refused = (code: string, message: RegExp) => (error: unknown) => error instanceof LeptonError && error.code === code && message.test(error.message);

  it('are refused with file and global, whatever they are called, and it is told', async () => {
    for (const name of ['model.pkl', 'notes.txt', 'deep/folder/weights.bin']) {
      await assert.rejects(push('evil', HARMFUL, {}, name), refused('MODEL_UNSAFE', new RegExp(`${name.replaceAll('.', '\\.')} \\(dangerous posix\\.system.*--allow-unsafe REASON`)));
    }
    assert.equal(told('UnsafeModelRefused').length, 3);
    await assert.rejects(fixture.repository.getVersion('m', 'evil'), refused('REPOSITORY_NOT_FOUND', /m/));
  });

  it('are taken for a reason, which stays with the version and in the events', async () => {
    const { version } = await push('allowed', HARMFUL, { allowUnsafe: '  made by us ', metadata: { accuracy: 1 } });
    assert.deepEqual(version.manifest.metadata, { accuracy: 1, [ALLOW_UNSAFE_KEY]: 'made by us' });
    assert.deepEqual(version.manifest.model, { ...ENVIRONMENT, unsafe: ['model.pkl: posix.system'] });
    const [event] = told('UnsafeModelAllowed');
    assert.deepEqual([event?.severity, event?.actor, event?.version], ['warning', 'alice', 'allowed']);
    assert.match(event?.message ?? '', /posix\.system.*reason given: made by us/);
    assert.equal((await push('allowed', HARMFUL, { allowUnsafe: 'made by us', metadata: { accuracy: 1 } })).created, false);
    // The finding of the same files is remembered, and refused again without the word.
    await assert.rejects(push('again', HARMFUL), refused('MODEL_UNSAFE', /posix\.system/));
  });

  it('need a reason that says something, and nobody writes the record himself', async () => {
    for (const allowUnsafe of ['', '   ', 'x'.repeat(501)]) await assert.rejects(push('empty', HARMFUL, { allowUnsafe }), refused('INVALID_ARGUMENT', /allowUnsafe .*reason/));
    await assert.rejects(push('faked', HARMLESS, { metadata: { [ALLOW_UNSAFE_KEY]: 'so I say' } }), refused('INVALID_ARGUMENT', /must not have the key allowUnsafe/));
  });

  it('are no pickles that do nothing; what versions need is listed once', async () => {
    await push('fine', HARMLESS);
    assert.deepEqual(await fixture.repository.requiredEnvironments(), [{ spec: ENVIRONMENT, versions: ['m:allowed', 'm:fine'] }]);
  });
});
