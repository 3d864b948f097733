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

  test('are beside what is scraped: the same counts, in OpenMetrics with the id of a request', async () => {
    const scrape = async (accept?: string): Promise<{ type: string | null; text: string }> => {
      const response = await fetch(`${gateway.url}/metrics`, { ...(accept && { headers: { accept } }) });
      return { type: response.headers.get('content-type'), text: await response.text() };
    };
    const plain = await scrape();
    assert.match(plain.type ?? '', /^text\/plain; version=0\.0\.4/);
    assert.match(plain.text, /^# TYPE lepton_requests_total counter\n.*\n?lepton_requests_total\{service="m",version="v1",outcome="ok",reason=""\} 20$/m);
    assert.doesNotMatch(plain.text, /prediction_id|# EOF/);
    const open = await scrape('application/openmetrics-text;version=1.0.0,text/plain;q=0.5');
    assert.match(open.type ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    assert.match(open.text, /^# TYPE lepton_requests counter$/m);
    assert.match(open.text, /^lepton_requests_total\{service="m",version="v1",outcome="ok",reason=""\} 20$/m);
    assert.match(open.text, /^lepton_request_duration_seconds_bucket\{service="m",version="v1",le="[\d.]+"\} \d+ # \{prediction_id="[0-9a-f-]{36}"\} [\d.]+ [\d.]+$/m);
    assert.ok(open.text.endsWith('\n# EOF\n') && !open.text.includes('\n\n'));
    assert.match((await scrape('application/openmetrics-text;q=0')).type ?? '', /^text\/plain/);
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
