import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Sample } from '../monitoring/samples/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';
import { until } from '../testing/until.ts';

describe('reports of a gateway', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await GatewayFixture.start();
  });
  after(() => gateway.close());

  function total(version: string): Sample {
    const sample = new Sample();
    for (const report of gateway.reports) for (const one of report.samples) if (one.version === version) sample.addEncoded(one.bytes);
    return sample;
  }
  const requests = (version: string): number => total(version).get('succeeded') + total(version).get('failed');

  test('tell each second what every version did: each request once, with its latency, its rows and its failure', async () => {
    const [a, b] = [await gateway.worker('a', 2), await gateway.worker('b', 3)];
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [a.route]), versionRoute('v2', [b.route]), versionRoute('v3', [], { phase: 'failed' })], { weights: { v1: 100 } }));
    for (let count = 0; count < 20; count++) await gateway.infer('m', { rows: 2 });
    for (let count = 0; count < 5; count++) await gateway.infer('m/versions/v2');
    for (let count = 0; count < 3; count++) await gateway.infer('m/versions/v3');
    await until('all are reported', () => requests('v1') === 20 && requests('v2') === 5 && requests('v3') === 3);
    const v1 = total('v1');
    assert.equal(v1.get('rows'), 40);
    assert.equal(v1.distribution('total')?.counts.reduce((sum, count) => sum + count, 0), 20);
    assert.ok((v1.distribution('total')?.sum ?? 0) >= (v1.distribution('run')?.sum ?? 0));
    assert.equal(v1.distribution('batchRows')?.sum, 40);
    assert.ok(v1.get('seconds') >= 1);
    assert.deepEqual([...total('v3').errors], [['VERSION_NOT_READY', 3]]);
    assert.equal(total('v3').get('faults'), 3);
    assert.ok(gateway.reports.every(({ source }) => source === gateway.config.gateway));
  });

  test('wait while control does not take them, and come in order', async () => {
    gateway.takesReports = false;
    const [before, seen] = [requests('v1'), gateway.reports.length];
    for (let count = 0; count < 10; count++) await gateway.infer('m');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    assert.equal(gateway.reports.length, seen);
    gateway.takesReports = true;
    await until('what waited came', () => requests('v1') === before + 10);
    const sequences = gateway.reports.map(({ sequence }) => sequence);
    assert.deepEqual(sequences, sequences.map((_, index) => (sequences[0] as number) + index), 'none twice, none missing');
  });

  test('hold what a version did that has left since', async () => {
    const before = requests('v2');
    for (let count = 0; count < 7; count++) await gateway.infer('m/versions/v2');
    await gateway.setServices();
    await until('it is reported', () => requests('v2') === before + 7);
  });
});
