import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { VersionDemand } from '../../wire/index.ts';
import { DemandMonitor } from './demand-monitor.ts';

describe('demand monitor', () => {
  let monitor: DemandMonitor;
  let now: number;
  let requests: number;
  beforeEach(() => {
    [monitor, now, requests] = [new DemandMonitor(60_000), 0, 0];
  });

  /** Half a second with so many requests per second. */
  function hear(rate: number, changes: Partial<VersionDemand> = {}): void {
    now += 500;
    requests += rate / 2;
    const work = { requests, rows: requests, runs: requests, runSeconds: 0, runSecondsSquared: 0, inputBytes: 0, outputBytes: 0 };
    monitor.observe([{ service: 's', version: 'v', digest: 'sha256:0', queueLength: 0, inFlight: 0, requests, refused: 0, failures: 0, batches: 0, batchRows: 1, latencyP50Ms: null, latencyP99Ms: null, work, ...changes }], now);
  }
  const steady = (rate: number, seconds: number): void => {
    for (let half = 0; half < seconds * 2; half++) {
      hear(rate);
      if (half % 6 === 5) monitor.take(now);
    }
  };
  const taken = () => monitor.take(now).get('s:v');

  it('plans for a steady rate, with no alarm', () => {
    steady(20, 60);
    assert.deepEqual(monitor.steps(), []);
    const { rate = 0, planned = 0 } = taken() ?? {};
    assert.ok(Math.abs(rate - 20) < 1 && planned >= 20 && planned < 24, `${rate}, ${planned}`);
  });
  it('notices ten times the demand within a second, and plans for all of it at once', () => {
    steady(10, 30);
    hear(100);
    hear(100);
    assert.deepEqual(monitor.steps(), ['s:v']);
    const { planned = 0 } = taken() ?? {};
    assert.ok(planned >= 100, `${planned}`);
    assert.deepEqual(monitor.steps(), [], 'it is known now');
  });
  it('notices a queue that grows, and requests that were refused', () => {
    steady(20, 10);
    hear(20, { queueLength: 40 });
    assert.deepEqual(monitor.steps(), ['s:v']);
    assert.equal(taken()?.backlog, 40);
    hear(20, { queueLength: 40 });
    assert.deepEqual(monitor.steps(), [], 'it is planned for');
    hear(20, { refused: 3 });
    assert.deepEqual(monitor.steps(), ['s:v']);
    assert.equal(taken()?.refused, 3);
  });
  it('takes little noise for no step', () => {
    steady(1, 20);
    hear(6);
    assert.deepEqual(monitor.steps(), []);
  });
  it('forgets a version that nobody asks for', () => {
    steady(20, 10);
    steady(0, 30);
    assert.ok((taken()?.planned ?? 0) > 0, 'it may come back');
    steady(0, 40);
    assert.equal(taken()?.planned, 0);
  });
  it('goes on when a gateway counts from zero again', () => {
    steady(20, 10);
    requests = 0;
    hear(20);
    hear(20);
    const { rate = 0 } = taken() ?? {};
    assert.ok(rate > 10 && rate < 30, `${rate}`);
  });
  it('does not learn from a look', () => {
    steady(10, 30);
    hear(100);
    hear(100);
    const first = monitor.peek(now).get('s:v');
    assert.deepEqual(monitor.peek(now).get('s:v'), first);
    assert.deepEqual(monitor.steps(), ['s:v']);
  });
});
