import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { appended } from './commands/observe.ts';
import { exitCodeOf } from './exit-codes.ts';
import { metadataOf } from './files.ts';
import { formatBytes, formatMs, harmless, Output, type OutputOptions } from './output.ts';
import { inputOf, outputValues, parseExactJson } from './tensor-json.ts';

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

  it('followed logs show what is new, also when the tail has moved on', () => {
    assert.equal(appended('', 'a\n'), 'a\n');
    assert.equal(appended('a\nb\n', 'a\nb\nc\n'), 'c\n');
    assert.equal(appended('a\nb\n', 'b\nc\n'), 'c\n');
    assert.equal(appended('a\n', 'x\n'), 'x\n');
  });

  it('errors have their exit codes', () => {
    const cases = [['SERVER_UNREACHABLE', 0, 5], ['CONTROL_UNAVAILABLE', 503, 5], ['SERVICE_NOT_FOUND', 404, 3], ['IN_USE', 409, 4], ['MODEL_INVALID', 422, 4], ['INVALID_ARGUMENT', 400, 2], ['INTERNAL', 500, 1]] as const;
    for (const [code, status, expected] of cases) assert.equal(exitCodeOf(code, status), expected, code);
  });
});
