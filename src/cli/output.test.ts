import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wrapWords } from './columns.ts';
import { exitCodeOf } from './exit-codes.ts';
import { metadataOf } from './files.ts';
import { formatBytes, formatMs, harmless, Output, type OutputOptions } from './output.ts';
import type { Datatype } from '../../clients/typescript/src/index.ts';
import { inputOf, outputValues, parseExactJson, requestOf } from './tensor-json.ts';

function terminal(options: { isTTY?: boolean; columns?: number; colours?: boolean; json?: boolean } = {}): { out: Output; text: () => string } {
  let text = '';
  const stream = { write: (chunk: string) => ((text += chunk), true), isTTY: options.isTTY ?? false, columns: options.columns ?? 80 } as unknown as OutputOptions['stdout'];
  return { out: new Output({ stdout: stream, stderr: stream, colours: options.colours ?? true, json: options.json ?? false }), text: () => text };
}

describe('output', () => {
  it('takes out what could steer a terminal', () => {
    assert.equal(harmless('a\u001b[31mred\u001b[0m\u0007\u009b2J\u202eb\r\nc\td'), 'ared\u0062\nc\td'.replace('\u0062', 'b'));
    const { out, text } = terminal({ isTTY: true, colours: false });
    out.table(['name'], [['x\u001b]0;title\u0007y']]);
    out.line('\u001b[2J!');
    assert.doesNotMatch(text(), /\u001b|\u0007/);
    const json = terminal({ json: true });
    json.out.result({ a: '\u009b2J\u202e' }, () => undefined);
    assert.equal(json.text(), '{\n  "a": "\\u009b2J\\u202e"\n}\n');
  });

  it('colours only on a terminal and only if wanted', () => {
    const line = (options: object): string => {
      const { out, text } = terminal(options);
      out.line({ text: 'ok', style: 'green' });
      return text();
    };
    assert.equal(line({}), 'ok\n');
    assert.equal(line({ isTTY: true, colours: false }), 'ok\n');
    assert.equal(line({ isTTY: true }), '\u001b[32mok\u001b[39m\n');
  });

  it('fits tables to the terminal, and cuts nothing where there is none', () => {
    const rows = [['v1', 'x'.repeat(200)]];
    const narrow = terminal({ isTTY: true, columns: 40, colours: false });
    narrow.out.table(['version', 'message'], rows);
    for (const line of narrow.text().trimEnd().split('\n')) assert.ok(line.length <= 40, line);
    const file = terminal();
    file.out.table(['version', 'message'], rows);
    assert.match(file.text(), /x{200}/);
  });

  it('gives up columns in order, and puts messages under their rows, before anything is cut', () => {
    const head = ['version', 'phase', 'priority', 'created', 'message'];
    const rows = [['v1', 'ready', 0, '2026-11-24 23:12:19', ''], ['v2', 'failed', 0, '2026-11-24 23:12:20', `no ${'memory '.repeat(12)}left`]];
    const shown = (columns: number): string[] => {
      const { out, text } = terminal({ isTTY: true, columns, colours: false });
      out.table(head, rows, { below: 'message', drop: ['priority', 'phase'] });
      return text().trimEnd().split('\n');
    };
    assert.match(shown(200)[2] ?? '', /^v2 +failed +0 +2026-11-24 23:12:20 +no memory .* left$/);
    const narrow = shown(48);
    assert.deepEqual(narrow.slice(0, 3).map((line) => line.split(/ {2,}/)), [['VERSION', 'PHASE', 'PRIORITY', 'CREATED'], ['v1', 'ready', '0', '2026-11-24 23:12:19'], ['v2', 'failed', '0', '2026-11-24 23:12:20']]);
    assert.equal(narrow.slice(3).map((line) => line.trim()).join(' '), rows[1]?.[4]);
    assert.deepEqual(shown(40)[1]?.split(/ {2,}/), ['v1', 'ready', '2026-11-24 23:12:19']);
    assert.deepEqual(shown(30)[1]?.split(/ {2,}/), ['v1', '2026-11-24 23:12:19']);
    for (const columns of [80, 48, 40, 30, 20, 12]) for (const line of shown(columns)) assert.ok(line.length <= columns, `${columns}: ${line}`);
  });

  it('cuts no time while something else can be cut', () => {
    const { out, text } = terminal({ isTTY: true, columns: 44, colours: false });
    out.table(['version', 'digest', 'created'], [['v1-with-a-long-name', 'c0ffeec0ffee', '2026-11-24 23:12:19']]);
    assert.match(text(), /2026-11-24 23:12:19/);
  });

  it('breaks between words', () => {
    assert.deepEqual(wrapWords('data in /a/b; 2 repositories', 14), ['data in /a/b;', '2 repositories']);
    assert.deepEqual(wrapWords('a 0123456789 b', 4), ['a', '0123', '4567', '89 b']);
  });

  it('writes quantities with their units', () => {
    assert.deepEqual([0, 1023, 1536, 300 * 2 ** 20].map(formatBytes), ['0 B', '1023 B', '1.5 KiB', '300 MiB']);
    assert.deepEqual([null, 0.1234, 12.34, 1234.5].map(formatMs), ['-', '0.12 ms', '12 ms', '1235 ms']);
  });
});

describe('texts from the command line', () => {
  const metadata = { name: 'm', versions: [], platform: '', outputs: [], version: 'v1', inputs: [{ name: 'x', datatype: 'INT64' as const, shape: [-1, 2] }] };

  it('inputs get the model’s datatype and the shape of their lists', () => {
    assert.deepEqual(inputOf('x=[[1,9007199254740993]]', metadata), ['x', { datatype: 'INT64', shape: [1, 2], data: [1, 9007199254740993n] }]);
    assert.deepEqual(inputOf('x=5', metadata)[1].shape, []);
    assert.throws(() => inputOf('y=1', metadata), /no input "y"; it has x INT64\[-1,2\]/);
    assert.throws(() => inputOf('[1]', metadata), /not name=JSON/);
    assert.throws(() => parseExactJson('{', 'here'), /^Error: here: /);
  });

  it('inputs that are not what the model takes are refused, and the element is named', () => {
    const of = (datatype: Datatype, json: string) => [...(inputOf(`x=${json}`, { ...metadata, inputs: [{ name: 'x', datatype, shape: [-1, -1] }] })[1].data as unknown[])];
    assert.deepEqual(of('FP32', '[["NaN",1.5,"-Infinity"]]'), [Number.NaN, 1.5, Number.NEGATIVE_INFINITY]);
    const refused: [Datatype, string, RegExp][] = [
      ['FP32', '[["a",2,null,true]]', /^Error: x\[0\]\[0\] is "a", not a number \(FP32\); "NaN"/],
      ['FP32', '[[1,2,null,true]]', /^Error: x\[0\]\[2\] is null, not a number \(FP32\)/],
      ['FP32', '[[1],[1e50]]', /^Error: x\[1\]\[0\] is 1e\+50, not a number within its range \(FP32\)/],
      ['FP16', '[70000]', /^Error: x\[0\] is 70000, not a number within its range \(FP16\)/],
      ['FP64', '[1e999]', /1e999 is beyond the range of every float/],
      ['INT64', '[1.5]', /^Error: x\[0\] is 1.5, not a whole number from -9223372036854775808 to 9223372036854775807/],
      ['INT64', '[9223372036854775808]', /x\[0\] is 9223372036854775808/],
      ['UINT8', '[256]', /x\[0\] is 256, not a whole number from 0 to 255/],
      ['INT32', '["NaN"]', /x\[0\] is "NaN", not a whole number/],
      ['BOOL', '[2]', /x\[0\] is 2, not true or false/],
      ['BYTES', '["a",2]', /x\[1\] is 2, not a text/],
      ['FP32', '[[1,2],[3]]', /x\[1\] is a list of 1, where the lists before it have 2/],
      ['FP32', '[[1],3]', /x\[1\] is 3, where the lists before it have a list of 1/],
      ['FP32', '[1,[3]]', /x\[1\] is a list, where the lists before it have an element/],
    ];
    for (const [datatype, json, message] of refused) assert.throws(() => of(datatype, json), message, json);
    assert.throws(() => requestOf({ inputs: [{ name: 'x', datatype: 'INT8', shape: [2], data: [1, 300] }] }, 'f'), /x\[1\] is 300/);
  });

  it('outputs become JSON values', () => {
    const of = (datatype: string, data: unknown) => outputValues({ name: 'y', datatype, shape: [], data } as never);
    assert.deepEqual(of('FP32', new Float32Array([0.1, Number.NaN])), [0.1, 'NaN']);
    assert.deepEqual(of('INT64', new BigInt64Array([5n, 2n ** 60n])), [5, '1152921504606846976']);
    assert.deepEqual(of('FP16', new Uint16Array([0x3c00])), [1]);
    assert.deepEqual(of('BF16', new Uint16Array([0x4000])), [2]);
    assert.deepEqual(of('BOOL', new Uint8Array([1, 0])), [true, false]);
    assert.deepEqual(of('BYTES', [new TextEncoder().encode('ä')]), ['ä']);
  });

  it('metadata values are JSON where they can be', () => {
    assert.deepEqual(metadataOf(['accuracy=0.9', 'source=a=b', 'tags=["x"]']), { accuracy: 0.9, source: 'a=b', tags: ['x'] });
  });

  it('errors have their exit codes', () => {
    const cases = [['SERVER_UNREACHABLE', 0, 5], ['CONTROL_UNAVAILABLE', 503, 5], ['SERVICE_NOT_FOUND', 404, 3], ['IN_USE', 409, 4], ['MODEL_INVALID', 422, 4], ['INVALID_ARGUMENT', 400, 2], ['INTERNAL', 500, 1]] as const;
    for (const [code, status, expected] of cases) assert.equal(exitCodeOf(code, status), expected, code);
  });
});
