import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { publishScale } from '../testing/platform-harness.ts';
import { openRepository, type RepositoryFixture } from '../testing/repository-fixture.ts';
import { serviceSpec } from './spec/service-spec.ts';
import { VersionFacts } from './version-facts.ts';

describe('version facts', () => {
  let fixture: RepositoryFixture;
  before(async () => {
    fixture = await openRepository();
    await publishScale(fixture, fixture.directory, 'v1', 1);
    await fixture.repository.moveLabel('scale', 'live', 'v1', { by: 'test' });
  });
  after(() => fixture.close());

  /** Runs something while the database refuses to read a table. */
  async function without(table: 'labels' | 'versions', run: () => Promise<void>): Promise<void> {
    const { schema } = fixture.database.db;
    await schema.alterTable(table).renameTo('away').execute();
    try {
      await run();
    } finally {
      await schema.alterTable('away').renameTo(table).execute();
    }
  }

  it('keeps the labels that it knew when they cannot be read, and reads them at the next look', async () => {
    const facts = new VersionFacts(fixture.repository);
    const spec = serviceSpec({ name: 's', deployments: [{ version: 'scale:v1' }] }, await facts.resolve(['scale:v1']), null);
    await facts.learn(spec);
    await publishScale(fixture, fixture.directory, 'v2', 2);
    await fixture.repository.moveLabel('scale', 'live', 'v2', { by: 'test' });
    await without('labels', () => facts.refreshLabels('scale'));
    assert.deepEqual([...facts.labelsFor(spec.deployments)], [['scale:live', 'v1']]);
    await facts.learn(spec);
    assert.deepEqual([...facts.labelsFor(spec.deployments)], [['scale:live', 'v2']]);
  });

  it('learns at a later look what could not be read at the first', async () => {
    const spec = serviceSpec({ name: 's', deployments: [{ version: 'scale:v1' }] }, await new VersionFacts(fixture.repository).resolve(['scale:v1']), null);
    const { digest } = spec.deployments[0] as { digest: string };
    const facts = new VersionFacts(fixture.repository);
    await without('versions', () => facts.learn(spec));
    assert.equal(facts.manifest(digest), undefined);
    await facts.learn(spec);
    assert.equal(facts.manifest(digest)?.format, 'onnx');
    assert.equal(facts.labelsFor(spec.deployments).has('scale:live'), true);
  });
});
