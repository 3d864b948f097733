import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { GatewayFixture, serviceRoute, versionRoute } from '../../testing/gateway-fixture.ts';

describe('the configuration of a load', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await GatewayFixture.start();
    const { route } = await gateway.worker('a', 2);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [route])]));
  });
  after(() => gateway.close());

  for (const [why, config, status, words] of [
    ['is nested too deeply', `{"name":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, /nested too deeply/],
    ['is no JSON', '{"name":', 400, /not a JSON object: "\{\\"name\\":"/],
    ['is no object', '[1]', 400, /not a JSON object/],
    ['would change something', '{"name":"other"}', 501, /name would become "other"/],
    ['has a key without end', `{"${'k'.repeat(1000)}":1}`, 501, /: k{100} would become 1,/],
  ] as const) {
    test(`is refused when it ${why}`, async () => {
      const response = await fetch(`${gateway.url}/v2/repository/models/m/load`, { method: 'POST', body: JSON.stringify({ parameters: { config } }) });
      assert.equal(response.status, status);
      assert.match(((await response.json()) as { error: string }).error, words);
    });
  }
});
