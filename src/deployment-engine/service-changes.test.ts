import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../core/index.ts';
import { publishScale } from '../testing/platform-harness.ts';
import { openRepository, type RepositoryFixture } from '../testing/repository-fixture.ts';
import { nextFailure, shapeOf } from './plan/index.ts';
import { ServiceChanges } from './service-changes.ts';
import type { ServiceState } from './state.ts';
import { EngineStore } from './store.ts';
import { PredictionSources } from './prediction-sources.ts';
import { VersionFacts } from './version-facts.ts';

const by = { by: 'test' };

/** Tells what memory says of a service at the moment when its status is being written. */
class WatchedStore extends EngineStore {
  onSave: (service: ServiceState) => void = () => {};

  override async saveStatus(service: ServiceState): Promise<void> {
    this.onSave(service);
    await super.saveStatus(service);
  }
}

describe('changes of services, over the real store', () => {
  let fixture: RepositoryFixture;
  let store: WatchedStore;
  let changes: ServiceChanges;
  const services = new Map<string, ServiceState>();
  before(async () => {
    fixture = await openRepository();
    for (const version of ['v1', 'v2']) await publishScale(fixture, fixture.directory, version, 1);
    store = new WatchedStore(fixture.database);
    const { repository } = fixture;
    changes = new ServiceChanges({ services, store, repository, facts: new VersionFacts(repository, new PredictionSources(fixture.database, systemClock)), events: { record: () => {} }, clock: systemClock, wake: () => {} });
  });
  after(() => fixture.close());

  it('makes one service of first deployments at the same time, and pins what it needs', async () => {
    const results = await Promise.all(['v1', 'v2', 'v1'].map((version) => changes.deploy('twins', { version: `scale:${version}` }, by)));
    assert.deepEqual(results.map(({ revision }) => revision).sort(), [1, 2, 2]);
    assert.deepEqual(services.get('twins')?.desired?.spec.deployments.map(({ version }) => version).sort(), ['v1', 'v2']);
    assert.equal((await store.revisions('twins')).length, 2);
    for (const version of ['v1', 'v2']) assert.deepEqual(await fixture.repository.pinsOf('scale', version), ['service:twins']);
  });

  it('goes on with the next caller when the first makes nothing', async () => {
    const refused = changes.setTraffic('late', { version: 'v1' }, by);
    const shown = changes.deploy('late', { version: 'scale:v1' }, by, { dryRun: true });
    const made = changes.deploy('late', { version: 'scale:v2' }, by);
    await assert.rejects(refused, /no service has the name "late"/);
    assert.deepEqual([(await shown).revision, (await made).revision], [1, 1]);
    assert.deepEqual(services.get('late')?.desired?.spec.deployments.map(({ version }) => version), ['v2']);
  });

  it('gives a new chance to what a revision changes, and to nothing else', async () => {
    const service = services.get('twins') as ServiceState;
    const [first, second] = ['v1', 'v2'].map((version) => service.desired?.spec.deployments.find((deployment) => deployment.version === version));
    assert.ok(first && second);
    for (const deployment of [first, second]) service.failures.set(shapeOf(deployment), nextFailure(undefined, 'LoadFailed', 'bad bytes', Date.now()));
    await changes.schedule('twins', 'v1', { priority: 5 }, by);
    assert.deepEqual([...service.failures.keys()], [shapeOf(second)]);
    await changes.undeploy('twins', 'v2', by);
    assert.equal(service.failures.size, 0);
  });

  it('ends a label’s version when forced, and gives its traffic to what is left', async () => {
    await fixture.repository.moveLabel('scale', 'stable', 'v1', by);
    await changes.apply({ name: 'labelled', deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }], traffic: { label: 'stable' } }, by);
    await assert.rejects(changes.undeploy('labelled', 'v1', by), /follows label stable, which points to v1/);
    await changes.undeploy('labelled', 'v1', by, { force: true });
    assert.deepEqual(services.get('labelled')?.desired?.spec.traffic, { kind: 'version', version: 'v2', defaultVersion: null });
  });

  it('lets versions rest only where somebody is left to answer, the whole is meant, or it is forced', async () => {
    await changes.apply({ name: 'resting', deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }] }, by);
    const states = (): string => services.get('resting')?.desired?.spec.deployments.map(({ version, state }) => `${version} ${state}`).join(', ') ?? '';
    for (const state of ['unloaded', 'drained', 'warm'] as const) await assert.rejects(changes.setState('resting', ['v1'], state, by), new RegExp(`its traffic goes to v1 \\(${state}\\)`));
    await changes.setState('resting', ['v2'], 'unloaded', by);
    for (const traffic of [{ version: 'v2' }, { weights: { v2: 100 } }]) await assert.rejects(changes.setTraffic('resting', traffic, by), /nobody to answer.*v2 \(unloaded\)/);
    await changes.setTraffic('resting', { weights: { v1: 50, v2: 50 } }, by);
    assert.equal(states(), 'v1 loaded, v2 unloaded');
    await changes.setState('resting', ['v1'], 'unloaded', by, { force: true });
    await changes.setState('resting', null, 'loaded', by);
    await changes.setState('resting', ['v1', 'v2'], 'drained', by);
    assert.equal(states(), 'v1 drained, v2 drained');
    const { revision } = await changes.setState('resting', null, 'drained', by);
    assert.equal((await changes.setState('resting', null, 'drained', by)).revision, revision);
    await changes.rollback('resting', null, by);
    assert.equal(states(), 'v1 loaded, v2 loaded');
  });

  it('knows revisions of the time before versions had a state', async () => {
    const { spec } = (await store.revision('resting', 1)) ?? assert.fail();
    const old = { ...spec, deployments: spec.deployments.map(({ state: _state, ...deployment }) => deployment) };
    await fixture.database.db.updateTable('service_revisions').set({ spec: JSON.stringify(old) }).where('service', '=', 'resting').where('revision', '=', 1).execute();
    assert.deepEqual((await store.revision('resting', 1))?.spec, spec);
  });

  it('shows a service gone only once that is written', async () => {
    const seen: boolean[] = [];
    store.onSave = ({ name }) => void seen.push(services.get(name)?.desired !== null);
    await changes.undeploy('twins', null, by);
    assert.deepEqual(seen, [true]);
    assert.equal(services.get('twins')?.desired, null);
    assert.equal((await store.loadServices()).find(({ name }) => name === 'twins')?.desired, null);
  });
});
