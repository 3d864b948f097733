import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../core/index.ts';
import { publishScale } from '../testing/platform-harness.ts';
import { openRepository, type RepositoryFixture } from '../testing/repository-fixture.ts';
import { serviceSpec } from './spec/service-spec.ts';
import { PredictionSources } from './prediction-sources.ts';
import { VersionFacts } from './version-facts.ts';

describe('version facts', () => {
  let fixture: RepositoryFixture;
  before(async () => {
    fixture = await openRepository();
    await publishScale(fixture, fixture.directory, 'v1', 1);
    await fixture.repository.moveLabel('scale', 'live', 'v1', { by: 'test' });
  });
  after(() => fixture.close());
  const newFacts = (): VersionFacts => new VersionFacts(fixture.repository, new PredictionSources(fixture.database, systemClock));

  /** Runs something while the database refuses to read a table. */
  async function without(table: 'labels' | 'versions' | 'prediction_sources', run: () => Promise<void>): Promise<void> {
    const { schema } = fixture.database.db;
    await schema.alterTable(table).renameTo('away').execute();
    try {
      await run();
    } finally {
      await schema.alterTable('away').renameTo(table).execute();
    }
  }

  it('keeps the labels that it knew when they cannot be read, and reads them at the next look', async () => {
    const facts = newFacts();
    const spec = serviceSpec({ name: 's', deployments: [{ version: 'scale:v1' }] }, await facts.resolve(['scale:v1']), null);
    await facts.learn(spec);
    await publishScale(fixture, fixture.directory, 'v2', 2);
    await fixture.repository.moveLabel('scale', 'live', 'v2', { by: 'test' });
    await without('labels', () => facts.refreshLabels('scale'));
    assert.deepEqual([...facts.labelsFor(spec.deployments)], [['scale:live', 'v1']]);
    await facts.learn(spec);
    assert.deepEqual([...facts.labelsFor(spec.deployments)], [['scale:live', 'v2']]);
  });

  it('gives each version of each service a serial of its own, the same after a restart, and 0 while the database does not answer', async () => {
    const resolve = await newFacts().resolve(['scale:v1', 'scale:v2']);
    const specOf = (name: string) => serviceSpec({ name, deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }] }, resolve, null);
    const serials = (facts: VersionFacts, name: string): number[] => specOf(name).deployments.map((deployment) => facts.predictionSource(name, deployment));
    const facts = newFacts();
    await without('prediction_sources', () => facts.learn(specOf('a')));
    assert.deepEqual(serials(facts, 'a'), [0, 0]);
    for (const name of ['a', 'b', 'a']) await facts.learn(specOf(name));
    const given = [...serials(facts, 'a'), ...serials(facts, 'b')];
    assert.equal(new Set(given).size, 4);
    assert.ok(given.every((serial) => serial > 0));
    const later = newFacts();
    for (const name of ['b', 'a']) await later.learn(specOf(name));
    assert.deepEqual([...serials(later, 'a'), ...serials(later, 'b')], given);
  });

  it('learns at a later look what could not be read at the first', async () => {
    const spec = serviceSpec({ name: 's', deployments: [{ version: 'scale:v1' }] }, await newFacts().resolve(['scale:v1']), null);
    const { digest } = spec.deployments[0] as { digest: string };
    const facts = newFacts();
    await without('versions', () => facts.learn(spec));
    assert.equal(facts.manifest(digest), undefined);
    await facts.learn(spec);
    assert.equal(facts.manifest(digest)?.format, 'onnx');
    assert.equal(facts.labelsFor(spec.deployments).has('scale:live'), true);
  });
});
