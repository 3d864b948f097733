import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { picture, type PictureOptions } from './picture.ts';
import { sorted, topRows, type TopRow } from './rows.ts';
import { keysOf } from './screen.ts';

const row = (version: string, more: Partial<TopRow> = {}): TopRow => ({
  service: 's', version, phase: 'ready', weight: 50, replicasReady: 1, replicasDesired: 1,
  request_rate: 10, error_ratio: 0, latency_p50: 1, latency_p99: 5, queue_length: 0, batch_size: 1, busy_share: 0.5, traffic_share: 0.5, cpu: 0.1, memory: 2 ** 20, ...more,
});
const options = (more: Partial<PictureOptions> = {}): PictureOptions => ({ columns: 160, lines: 24, sort: 'r', offset: 0, problem: null, time: '12:00:00', paint: (_style, text) => text, ...more });

describe('top', () => {
  it('joins what services are with what the history knows, and leaves open what it does not', () => {
    const services = [{ name: 's', versions: [{ version: 'v1', phase: 'ready', weight: 100, replicasDesired: 2, replicas: [{ phase: 'ready' }, { phase: 'starting' }] }, { version: 'v2', phase: 'asleep', weight: 0, replicasDesired: 0, replicas: [] }] }];
    const series = [{ service: 's', version: 'v1', metric: 'request_rate', unit: 'requests/s', values: [12.5] }, { service: 'other', version: 'v1', metric: 'cpu', unit: 'cores', values: [9] }];
    const [v1, v2] = topRows(services as never, { series });
    assert.deepEqual([v1?.request_rate, v1?.cpu, v1?.replicasReady, v1?.replicasDesired], [12.5, null, 1, 2]);
    assert.deepEqual([v2?.request_rate, v2?.phase], [null, 'asleep']);
  });

  it('puts the largest first, the unknown last, and equals by name as people count', () => {
    const rows = [row('v10'), row('v2'), row('v3', { request_rate: null }), row('v4', { request_rate: 11 })];
    assert.deepEqual(sorted(rows, 'r').map(({ version }) => version), ['v4', 'v2', 'v10', 'v3']);
    assert.deepEqual(sorted(rows, 'n').map(({ version }) => version), ['v2', 'v3', 'v4', 'v10']);
  });

  it('fits any terminal, also with 200 versions, and can be scrolled to the last', () => {
    const rows = Array.from({ length: 200 }, (_, index) => row(`v${index}`, { service: `a-service-with-a-rather-long-name-${index}`, request_rate: index }));
    for (const [columns, lines] of [[200, 50], [120, 24], [80, 24], [40, 10], [20, 5]] as const) {
      for (const offset of [0, 100, 200 - (lines - 4)]) {
        const shown = picture(rows, options({ columns, lines, offset }));
        assert.ok(shown.length <= lines, `${shown.length} lines of ${lines}`);
        for (const line of shown) assert.ok(line.length <= columns, `${line.length} of ${columns}: ${line}`);
      }
    }
    assert.match(picture(rows, options({ offset: 180 })).join('\n'), /a-service-with-a-rather-long-name-0 /);
    assert.match(picture(rows, options()).join('\n'), /1-20 of 200/);
  });

  it('keeps hostile names and messages from steering the terminal', () => {
    const hostile = '\u001b[2J\u001b]0;gotcha\u0007evil\u202e\r\nname';
    const text = picture([row(hostile, { service: hostile, phase: hostile })], options({ problem: hostile })).join('\n');
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.match(text, /evil/);
  });

  it('says when there is nothing, and when there is no news', () => {
    assert.match(picture([], options()).join('\n'), /no service has a version/);
    assert.match(picture([row('v1')], options({ problem: 'control is away' })).join('\n'), /no news: control is away[\s\S]*v1/);
  });

  it('tells keys apart that arrive together', () => {
    assert.deepEqual(keysOf('j\u001b[Bq\u001b[5~'), ['j', '\u001b[B', 'q', '\u001b[5~']);
  });
});
