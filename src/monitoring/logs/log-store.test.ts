import assert from 'node:assert/strict';
import { appendFileSync, closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { createRedactor } from '../../core/index.ts';
import { trimLog } from '../../deployment-engine/index.ts';
import { type LogLine, type LogSource, LogStore, LogWatch } from './index.ts';

const directory = await mkdtemp(join(tmpdir(), 'lepton-logs-'));
after(() => rm(directory, { recursive: true }));

const BYTES_MAX = 100_000;
let number = 0;
let now = Date.parse('2026-01-31T12:00:00Z');

/** Logs of two versions and a gateway, with a clock that the test moves. */
function openLogs() {
  const stem = join(directory, `${++number}-`);
  const source = (id: string, process: LogSource['process'], version: string | null): LogSource => ({ id, file: `${stem}${id}.log`, process, service: version && 'shop', version });
  const sources = [source('r1', 'worker', 'v1'), source('r2', 'worker', 'v2'), source('gateway', 'gateway', null)];
  let current: readonly LogSource[] = sources;
  const watch = new LogWatch({ sources: async () => current, bytesMax: BYTES_MAX, trim: trimLog, now: () => now, onProblem: (message, cause) => assert.fail(`${message}: ${cause}`) });
  const logs = new LogStore({ sources: async () => current, watch, redact: createRedactor() });
  return {
    watch, logs, sources,
    file: (id: string) => `${stem}${id}.log`,
    write: (id: string, text: string) => appendFileSync(`${stem}${id}.log`, text),
    keep: (...ids: string[]) => (current = sources.filter(({ id }) => ids.includes(id))),
  };
}
/** The first look at a file takes its time from the file itself; later ones from the clock. */
async function startedLogs() {
  const opened = openLogs();
  for (const { id } of opened.sources) opened.write(id, '\n');
  await opened.watch.look();
  return opened;
}
const messages = (lines: readonly LogLine[]): string[] => lines.map(({ message }) => message);

describe('logs', () => {
  beforeEach(() => {
    now = Date.now() + 60_000;
  });

  it('are one, by the time at which lines were first seen', async () => {
    const { logs, watch, write } = await startedLogs();
    for (const [id, text] of [['r2', 'first'], ['r1', 'second'], ['r2', 'third']] as const) {
      now += 1000;
      write(id, `${text}\n`);
      await watch.look();
    }
    const { lines, complete } = await logs.query({ tail: 10 });
    assert.deepEqual(messages(lines), ['first', 'second', 'third']);
    assert.equal(lines[0]?.at, new Date(now - 2000).toISOString());
    assert.equal(complete, true);
    const newest = await logs.query({ tail: 2 });
    assert.deepEqual([messages(newest.lines), newest.complete], [['second', 'third'], false]);
    assert.deepEqual(messages((await logs.query({ tail: 10, fromMs: now - 1500, toMs: now - 500 })).lines), ['second']);
  });

  it('know whose a line is, and a worker cannot speak for another', async () => {
    const { logs, write } = await startedLogs();
    write('r1', `${JSON.stringify({ msg: 'mine', service: 'bank', version: 'v9', replica: 'r2', request_id: 'q1' })}\n`);
    write('gateway', `${JSON.stringify({ level: 40, time: now, msg: 'request failed', service: 'shop', version: 'v2', requestId: 'q2', predictionId: 'p2', code: 'MODEL_ERROR' })}\n`);
    const { lines } = await logs.query({ tail: 9 });
    const [mine, failed] = ['worker', 'gateway'].map((process) => lines.find((line) => line.process === process));
    assert.deepEqual([mine?.service, mine?.version, mine?.replica, mine?.requestId], ['shop', 'v1', 'r1', 'q1']);
    assert.deepEqual([failed?.process, failed?.level, failed?.version, failed?.requestId, failed?.predictionId, failed?.fields], ['gateway', 'warn', 'v2', 'q2', 'p2', { code: 'MODEL_ERROR' }]);
    for (const [filter, expected] of [
      [{ version: 'v2' }, ['request failed']], [{ service: 'shop' }, ['mine', 'request failed']], [{ service: 'bank' }, []], [{ replica: 'r1' }, ['mine']], [{ process: 'gateway' }, ['request failed']],
      [{ level: 'warn' }, ['request failed']], [{ requestId: 'q1' }, ['mine']], [{ predictionId: 'p2' }, ['request failed']], [{ search: 'FAILED' }, ['request failed']], [{ search: 'model_error' }, ['request failed']],
    ] as const) assert.deepEqual(messages((await logs.query({ tail: 9, ...filter })).lines).sort(), expected, JSON.stringify(filter));
  });

  it('tell levels from how loggers mark their lines', async () => {
    const { logs, write } = await startedLogs();
    const cases = [['ERROR in x', 'error'], ['2026-01-31 12:00:00,123 - app - WARNING - odd', 'warn'], ['Traceback (most recent call last):', 'error'], ['ValueError: no', 'error'], ['DEBUG x', 'debug'], ['no error found here', 'info'], ['{"levelname":"CRITICAL","message":"m"}', 'error'], ['UserWarning: deprecated', 'warn']] as const;
    for (const [text] of cases) write('r1', `${text}\n`);
    assert.deepEqual((await logs.query({ tail: 99 })).lines.map(({ level }) => level), cases.map(([, level]) => level));
  });

  it('give no secret away, not even to who searches for it', async () => {
    const { logs, write } = await startedLogs();
    write('r1', 'password=hunter2\n');
    write('r1', `${JSON.stringify({ msg: 'x', 'api_key': 'hunter2', deep: { password: 'hunter2' }, list: ['token=hunter2'] })}\n`);
    assert.ok(!JSON.stringify(await logs.query({ tail: 9 })).includes('hunter2'));
    assert.deepEqual((await logs.query({ tail: 9, search: 'hunter' })).lines, []);
    assert.equal((await logs.query({ tail: 9, search: '[redacted]' })).lines.length, 2);
  });

  it('hold hostile lines as text: escapes, prototypes, half UTF-8, long ones, deep JSON', async () => {
    const { logs, write, file } = await startedLogs();
    write('r1', '\x1b]0;title\x07<script>\n{"__proto__":{"x":1},"constructor":2,"msg":7}\n');
    const descriptor = openSync(file('r1'), 'a');
    writeSync(descriptor, Buffer.from([0xff, 0xfe, 10]));
    closeSync(descriptor);
    write('r1', `${'long '.repeat(15_000)}\n${'{"a":'.repeat(1500)}1${'}'.repeat(1500)}\n`);
    write('r1', 'last, without an end');
    const { lines } = await logs.query({ tail: 99 });
    assert.equal(lines[0]?.message, '\x1b]0;title\x07<script>');
    assert.deepEqual([lines[1]?.message, Object.keys(lines[1]?.fields ?? {})], ['7', ['__proto__', 'constructor']]);
    assert.equal(lines[2]?.message, '\ufffd\ufffd');
    assert.ok((lines[3]?.message.length ?? 0) <= 8193 && lines[3]?.message.endsWith('…'));
    assert.equal(lines[5]?.message, 'last, without an end');
  });

  it('take a line’s own time if it was written then, and no other', async () => {
    const { logs, watch, write } = await startedLogs();
    write('gateway', `${JSON.stringify({ time: now - 700, msg: 'own' })}\n`);
    write('r1', '2020-01-01T00:00:00Z a lie\n2099-01-01T00:00:00Z another\n');
    await watch.look();
    const at = Object.fromEntries((await logs.query({ tail: 9 })).lines.map((line) => [line.message, line.at]));
    assert.equal(at.own, new Date(now - 700).toISOString());
    assert.deepEqual([at['2020-01-01T00:00:00Z a lie'], at['2099-01-01T00:00:00Z another']], [new Date(now).toISOString(), new Date(now).toISOString()]);
  });

  it('are bounded however fast they grow, and keep their newest lines with their times', async () => {
    const { logs, watch, write, file } = await startedLogs();
    for (let round = 0; round < 5; round++) {
      now += 1000;
      write('r1', `line of ${round}\n`.repeat(3 * BYTES_MAX / 10));
      assert.equal(await watch.look(), true, 'grows faster than it may');
      assert.ok(statSync(file('r1')).size <= BYTES_MAX / 2);
    }
    now += 1000;
    write('r1', 'the last\n');
    assert.equal(await watch.look(), false);
    const { lines } = await logs.query({ tail: 2 });
    assert.deepEqual(lines.map(({ message, at }) => [message, at]), [['line of 4', new Date(now - 1000).toISOString()], ['the last', new Date(now).toISOString()]]);
  });

  it('keep their times over a restart, also when one was cut behind their back', async () => {
    const before = await startedLogs();
    now += 5000;
    before.write('r1', 'early\n');
    await before.watch.look();
    const again = (): { logs: LogStore; watch: LogWatch } => {
      const watch = new LogWatch({ sources: async () => before.sources, bytesMax: BYTES_MAX, trim: trimLog, now: () => now, onProblem: () => assert.fail() });
      return { watch, logs: new LogStore({ sources: async () => before.sources, watch, redact: createRedactor() }) };
    };
    const written = new Date(now).toISOString();
    now += 50_000;
    assert.equal((await again().logs.query({ tail: 1, version: 'v1' })).lines[0]?.at, written);
    writeFileSync(before.file('r1'), 'new\n');
    assert.deepEqual(messages((await again().logs.query({ tail: 9, version: 'v1' })).lines), ['new']);
  });

  it('are followed line by line, half lines once they are whole; what is too much is told', async () => {
    const { logs, watch, write } = await startedLogs();
    const [lines, skipped]: [string[], number[]] = [[], []];
    const end = logs.follow({ service: 'shop' }, { line: ({ message }) => lines.push(message), skipped: (_source, bytes) => skipped.push(bytes) });
    const settled = async (): Promise<void> => {
      await watch.look();
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    write('r1', 'one\nhal');
    await settled();
    write('r1', 'f\n');
    write('r2', 'two\n');
    await settled();
    assert.deepEqual(lines, ['one', 'half', 'two']);
    write('r1', `${'x'.repeat(99)}\n`.repeat(BYTES_MAX / 50));
    await settled();
    assert.ok(skipped.length > 0 && skipped.reduce((sum, bytes) => sum + bytes, 0) >= BYTES_MAX);
    end();
    write('r1', 'unheard\n');
    await settled();
    assert.ok(!lines.includes('unheard'));
  });

  it('forget the times of a log that is gone', async () => {
    const { watch, file, keep } = await startedLogs();
    assert.ok(readFileSync(`${file('r1')}.times`, 'utf8').length > 0);
    keep('r2');
    await watch.look();
    assert.throws(() => readFileSync(`${file('r1')}.times`), /ENOENT/);
  });
});
