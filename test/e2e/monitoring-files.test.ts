import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CONTROL_METRICS } from '../../src/deployment-engine/index.ts';
import { FEEDBACK_METRICS } from '../../src/monitoring/feedback/index.ts';
import { METRICS } from '../../src/monitoring/metrics/index.ts';
import { ROOT, TestPlatform } from './harness.ts';

const directory = join(ROOT, 'deploy/monitoring');
const promtool = (args: readonly string[], input?: string) => spawnSync('promtool', args, { cwd: directory, encoding: 'utf8', ...(input !== undefined && { input }) });
const skip = promtool(['--version']).error ? 'there is no promtool (apt-get install prometheus)' : false;

describe('deploy/monitoring', () => {
  it('asks for metrics that there are', () => {
    const known = new Map([...METRICS, ...CONTROL_METRICS, ...FEEDBACK_METRICS].map(({ name, labels }) => [name as string, labels as readonly string[]]));
    for (const file of ['alert-rules.yaml', 'alert-rules.test.yaml', 'grafana-dashboard.json']) {
      const names = readFileSync(join(directory, file), 'utf8').match(/\blepton_\w+/g) ?? [];
      assert.ok(names.length > 5);
      for (const name of names) assert.ok(known.has(name) || known.has(name.replace(/_(bucket|sum|count)$/, '')), `${file}: ${name}`);
    }
  });

  it('has rules that Prometheus accepts, and that fire when they should', { skip }, () => {
    for (const args of [['check', 'rules', 'alert-rules.yaml'], ['check', 'config', 'prometheus.yaml'], ['test', 'rules', 'alert-rules.test.yaml']]) {
      const { status, stdout, stderr } = promtool(args);
      assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
    }
  });

  it('goes with what Prometheus reads without a complaint', { skip }, async () => {
    const platform = await TestPlatform.start();
    try {
      const text = await (await fetch(`${platform.url}/metrics`)).text();
      const { status, stdout, stderr } = promtool(['check', 'metrics'], text);
      assert.deepEqual([status, `${stdout}${stderr}`.trim()], [0, '']);
    } finally {
      await platform.dispose();
    }
  });
});
