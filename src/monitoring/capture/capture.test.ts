import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { encodeByteElements, type LeptonError, seededRandom, type Tensor } from '../../core/index.ts';
import { type Database, openDatabase } from '../../database/index.ts';
import { driftOf, kolmogorovSmirnov, stabilityIndex } from './drift.ts';
import { CAPTURE_PATH, CaptureBuffer, type CaptureReport, type CaptureRule, CaptureStore } from './index.ts';
import { npzOf } from './npz.ts';
import { type CapturedRow, rowOf } from './rows.ts';

const RULE: CaptureRule = { service: 'shop', versions: null, rate: 1, perSecondMax: 1000, tensorBytesMax: 1024, redact: [], until: null };
const floats = (name: string, shape: number[], values: readonly number[]): Tensor => ({ name, datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) });
const request = (...inputs: Tensor[]): { inputs(): readonly Tensor[] } => ({ inputs: () => inputs });

describe('what a gateway captures', () => {
  let now = 10_000;
  const open = (...rules: CaptureRule[]): CaptureBuffer => {
    const buffer = new CaptureBuffer(() => 0.5, () => now);
    buffer.setRules(rules);
    return buffer;
  };
  const offer = (buffer: CaptureBuffer, version = 'v1', service = 'shop'): void => buffer.offer(service, version, 'p', request(floats('x', [1, 2], [1, 2]), floats('secret', [1], [9])), [floats('y', [1, 2], [2, 4])]);

  it('is a sample of the services and versions that a rule names, until it ends', () => {
    const buffer = open({ ...RULE, rate: 0.6, versions: ['v1'], until: new Date(20_000).toISOString() }, { ...RULE, service: 'rare', rate: 0.4 });
    for (const [version, service] of [['v1', 'shop'], ['v2', 'shop'], ['v1', 'other'], ['v1', 'rare']] as const) offer(buffer, version, service);
    now = 20_001;
    offer(buffer);
    now = 10_000;
    assert.deepEqual(buffer.drain().answers.map(({ service, version }) => [service, version]), [['shop', 'v1']]);
  });

  it('is a copy: what is let go afterwards does not change it; redacted and long tensors have no values', () => {
    const buffer = open({ ...RULE, redact: ['secret'], tensorBytesMax: 8 });
    const x = floats('x', [1, 2], [1, 2]);
    buffer.offer('shop', 'v1', 'p', request(x, floats('secret', [1], [9]), floats('long', [3], [1, 2, 3])), []);
    x.data.fill(255);
    const [{ inputs }] = buffer.drain().answers as [CaptureReport['answers'][number]];
    assert.deepEqual(inputs.map(({ name, shape, data }) => [name, shape, data]), [['x', [1, 2], Buffer.from(Float32Array.of(1, 2).buffer).toString('base64')], ['secret', [1], null], ['long', [3], null]]);
  });

  it('is bounded each second and altogether; what is left out is counted', () => {
    const buffer = open({ ...RULE, perSecondMax: 3 });
    for (let count = 0; count < 10; count++) offer(buffer);
    now += 1000;
    offer(buffer);
    const report = buffer.drain();
    assert.deepEqual([report.answers.length, report.dropped], [4, 7]);
    buffer.lost(report);
    assert.deepEqual(buffer.drain(), { answers: [], dropped: 11 });
    const large = open({ ...RULE, tensorBytesMax: 2 ** 20, perSecondMax: 1000 });
    for (let count = 0; count < 40; count++) large.offer('shop', 'v1', 'p', request(floats('x', [262_144], new Array(262_144).fill(1))), []);
    const held = large.drain();
    assert.deepEqual([held.answers.length, held.dropped], [8, 32]);
  });
});

describe('captured rows', () => {
  const answer = (data: Tensor): CapturedRow => rowOf({ at: 0, service: 's', version: 'v', predictionId: 'p', inputs: [{ name: data.name, datatype: data.datatype, shape: data.shape, data: Buffer.from(data.data).toString('base64') }], outputs: [] });
  const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer);
  const CASES: readonly [datatype: Tensor['datatype'], data: Uint8Array, expected: unknown[], dtype: string][] = [
    ['FP32', bytes(Float32Array.of(1.5, Number.NaN)), [1.5, null], '<f4'], ['FP64', bytes(Float64Array.of(0.1, Number.POSITIVE_INFINITY)), [0.1, null], '<f8'], ['FP16', bytes(Uint16Array.of(0x3e00, 0xc000)), [1.5, -2], '<f4'],
    ['BF16', bytes(Uint16Array.of(0x3fc0, 0xc000)), [1.5, -2], '<f4'], ['INT8', bytes(Int8Array.of(-128, 127)), [-128, 127], '|i1'], ['UINT8', Uint8Array.of(0, 255), [0, 255], '|u1'], ['INT16', bytes(Int16Array.of(-32768, 5)), [-32768, 5], '<i2'],
    ['UINT16', bytes(Uint16Array.of(65535, 5)), [65535, 5], '<u2'], ['INT32', bytes(Int32Array.of(-(2 ** 31), 5)), [-(2 ** 31), 5], '<i4'], ['UINT32', bytes(Uint32Array.of(2 ** 32 - 1, 5)), [2 ** 32 - 1, 5], '<u4'],
    ['INT64', bytes(BigInt64Array.of(-(2n ** 63n), 5n)), ['-9223372036854775808', 5], '<i8'], ['UINT64', bytes(BigUint64Array.of(2n ** 64n - 1n, 5n)), ['18446744073709551615', 5], '<u8'], ['BOOL', Uint8Array.of(0, 1), [false, true], '|b1'],
    ['BYTES', encodeByteElements(['grüße 🎉', '<b>']), ['grüße 🎉', '<b>'], '<U7'],
  ];

  it('hold every datatype', () => {
    for (const [datatype, data, expected] of CASES) assert.deepEqual(answer({ name: 'x', datatype, shape: [2], data })['input.x'], expected, datatype);
  });

  const python = ['.venv/bin/python', 'python3'].map((name) => (name.includes('/') ? join(import.meta.dirname, '../../..', name) : name)).find((name) => (!name.includes('/') || existsSync(name)) && spawnSync(name, ['-c', 'import numpy']).status === 0);
  it('are read by NumPy, exactly', { skip: python ? false : 'no Python with NumPy here' }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'lepton-npz-'));
    try {
      const read = 'import sys, json, numpy as np\ndef arrays(d): return {k: [str(d[k].dtype.str), list(d[k].shape), [str(v) for v in d[k].ravel()]] for k in d.files}\nprint(json.dumps([arrays(np.load(f)) for f in sys.argv[1:]]))';
      const files = CASES.map(([datatype]) => join(directory, `${datatype}.npz`));
      for (const [index, [datatype, data]] of CASES.entries()) await writeFile(files[index] as string, npzOf([answer({ name: 'a/b', datatype, shape: [1, 2], data }), answer({ name: 'a/b', datatype, shape: [1, 2], data })]));
      const { stdout, stderr } = spawnSync(python as string, ['-c', read, ...files], { encoding: 'utf8' });
      assert.equal(stderr, '');
      for (const [index, [datatype, , , dtype]] of CASES.entries()) {
        const arrays = JSON.parse(stdout)[index];
        assert.deepEqual(arrays['input.a/b'].slice(0, 2), [dtype, [2, 2]], datatype);
        assert.deepEqual(arrays['input.a/b.request'][2], ['0', '1']);
        if (datatype === 'INT64') assert.equal(arrays['input.a/b'][2][0], '-9223372036854775808');
        if (datatype === 'BYTES') assert.equal(arrays['input.a/b'][2][0], 'grüße 🎉');
        if (datatype === 'FP32') assert.deepEqual(arrays['input.a/b'][2].slice(0, 2), ['1.5', 'nan']);
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('of different widths are no one array', () => {
    const rows = [[1, 2], [1, 3]].map(([n, width]) => answer(floats('x', [n as number, width as number], new Array(width).fill(1))));
    assert.throws(() => npzOf(rows), (error: LeptonError) => error.code === 'PRECONDITION_FAILED' && /no one array/.test(error.message));
  });
});

describe('drift', () => {
  const random = seededRandom(7);
  const gauss = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rows = (count: number, shift: number, label: () => string): CapturedRow[] =>
    Array.from({ length: count }, (_, index) => ({ at: new Date(index * 1000).toISOString(), prediction_id: String(index), 'input.x': [gauss() + shift, gauss()], 'input.x.shape': [1, 2], 'input.x.datatype': 'FP32', 'output.label': [label()], 'output.label.shape': [1], 'output.label.datatype': 'BYTES' }));
  const even = (): string => (random() < 0.5 ? 'cat' : 'dog');

  it('tells what moved from what did not, with sample sizes', () => {
    const report = driftOf(rows(1000, 0, even), rows(500, 1, () => (random() < 0.9 ? 'cat' : 'fox')));
    const by = Object.fromEntries(report.features.map((one) => [one.feature, one]));
    assert.deepEqual(report.features.map(({ feature, verdict }) => [feature, verdict]), [['output.label', 'drifted'], ['input.x[0]', 'drifted'], ['input.x[1]', 'stable']]);
    assert.deepEqual([by['input.x[0]']?.referenceSamples, by['input.x[0]']?.samples], [1000, 500]);
    assert.ok((by['input.x[0]']?.ksP ?? 1) < 1e-6 && (by['input.x[1]']?.ksP ?? 0) > 0.001);
    assert.deepEqual([report.labelMix.length, report.labelMix[0]?.samples, report.labelMix[0]?.labels[0]?.label], [10, 50, 'cat']);
  });

  it('says when there is too little, and when nothing is there', () => {
    assert.deepEqual(new Set(driftOf(rows(99, 0, even), rows(500, 3, even)).features.map(({ verdict, psi }) => `${verdict} ${psi}`)), new Set(['not enough data null']));
    assert.deepEqual(driftOf([], []), { referenceRows: 0, rows: 0, features: [], labelMix: [] });
  });

  it('computes PSI and KS as they are defined', () => {
    assert.ok(Math.abs(stabilityIndex([[500, 250], [500, 750]]) - 0.27465) < 0.002);
    assert.equal(stabilityIndex([[10, 10], [20, 20]]), 0);
    // scipy.stats.ks_2samp([1, 2, 3, 4], [3, 4, 5, 6]).statistic
    assert.equal(kolmogorovSmirnov([1, 2, 3, 4], [3, 4, 5, 6]).statistic, 0.5);
    assert.equal(kolmogorovSmirnov([1, 1, 1], [1, 1]).statistic, 0);
  });
});

describe('what control keeps', () => {
  let directory = '';
  let database: Database;
  const events: string[] = [];
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lepton-capture-'));
    database = await openDatabase({ dataDirectory: directory, url: null });
  });
  after(async () => {
    await database.close();
    await rm(directory, { recursive: true });
  });
  const open = async (name: string, bytesMax = 2 ** 30): Promise<CaptureStore> => {
    const store = new CaptureStore({ database, directory: join(directory, name), bytesMax, events: { record: ({ reason }) => events.push(reason) }, clock: { now: () => Date.now(), monotonic: () => 0 }, onProblem: () => undefined });
    await store.start();
    return store;
  };
  let serial = 0;
  const report = (count: number, dropped = 0): CaptureReport => ({
    dropped,
    answers: Array.from({ length: count }, () => ({ at: ++serial, service: 'shop', version: 'v1', predictionId: String(serial), inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: Buffer.from(Float32Array.of(serial).buffer).toString('base64') }], outputs: [] })),
  });
  const send = async (store: CaptureStore, given: CaptureReport): Promise<CaptureRule[]> => {
    const next = (): never => assert.fail('went on');
    const { body } = await store.answerCall(next)({ method: 'POST', url: CAPTURE_PATH, headers: {}, own: true } as never, Buffer.from(JSON.stringify(given)) as never);
    await store.close();
    return JSON.parse(Buffer.from(body as Uint8Array).toString('utf8')) as CaptureRule[];
  };

  it('are rules that outlive a restart and reach gateways, and answers, the first of which are the reference', async () => {
    await (await open('a')).setRule('shop', RULE, 'ada');
    const store = await open('a');
    assert.deepEqual(await send(store, report(1200, 5)), [RULE]);
    await send(store, report(50));
    const overview = await store.overview();
    assert.deepEqual([overview.captured, overview.dropped, overview.versions[0]?.version], [1250, 5, 'v1']);
    const drift = await store.drift('shop', 'v1');
    assert.deepEqual([drift.referenceRows, drift.rows], [1000, 250]);
    const newest = (await store.export('shop', 'v1', 'jsonl', 2)).toString('utf8').trim().split('\n').map((line) => JSON.parse(line)['input.x'][0]);
    assert.deepEqual(newest, [1249, 1250]);
    await store.setRule('shop', null, 'ada');
    assert.deepEqual(await send(store, report(0)), []);
    assert.deepEqual(events, ['CaptureStarted', 'CaptureStopped']);
  });

  it('outlive a kill in the middle of a line', async () => {
    const store = await open('b');
    await send(store, report(3));
    const [segment] = await readdir(join(directory, 'b/shop/v1')).then((names) => names.filter((name) => name !== 'reference.jsonl'));
    await appendFile(join(directory, 'b/shop/v1', segment as string), '{"at":"2026-');
    const again = await open('b');
    assert.equal((await again.export('shop', 'v1', 'jsonl', 10)).toString('utf8').trim().split('\n').length, 3);
    await send(again, report(1));
    assert.equal((await again.export('shop', 'v1', 'jsonl', 10)).toString('utf8').trim().split('\n').length, 4);
  });

  it('are bounded by size: the oldest go', async () => {
    const store = await open('c', 1000);
    await send(store, report(100));
    assert.equal((await store.export('shop', 'v1', 'jsonl', 10)).byteLength, 0);
    assert.equal((await store.drift('shop', 'v1')).referenceRows, 100, 'the reference stays');
  });

  it('take a reference from a file, and refuse what is none', async () => {
    const store = await open('d');
    await send(store, report(10));
    const text = (await store.export('shop', 'v1', 'jsonl', 4)).toString('utf8');
    assert.equal(await store.setReference('shop', 'v1', text), 4);
    await send(store, report(10));
    assert.equal((await store.drift('shop', 'v1')).referenceRows, 4, 'a given one does not grow');
    await assert.rejects(store.setReference('shop', 'v1', 'x,y\n1,2\n'), (error: LeptonError) => error.code === 'INVALID_ARGUMENT');
    assert.equal(await store.setReference('shop', 'v1', null), 0);
  });
});
