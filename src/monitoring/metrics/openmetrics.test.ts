import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toOpenMetrics } from './openmetrics.ts';

test('Prometheus’ text becomes OpenMetrics’: counters without their suffix, nothing else changed, no empty lines', () => {
  const given = '# HELP a_total What a_total counts.\n# TYPE a_total counter\na_total{x="# TYPE a_total counter"} 1\n\n# HELP b_total A gauge in spite of its name.\n# TYPE b_total gauge\nb_total 2\n';
  assert.equal(toOpenMetrics(given), '# HELP a What a_total counts.\n# TYPE a counter\na_total{x="# TYPE a_total counter"} 1\n# HELP b_total A gauge in spite of its name.\n# TYPE b_total gauge\nb_total 2\n');
  assert.equal(toOpenMetrics(''), '');
});
