import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { LeptonError, type ErrorCode } from '../core/index.ts';
import { configurationMarkdown, isLoopback, loadConfig, parseAddress, parseBytes, parseMilliseconds, SETTINGS } from './index.ts';

const isLeptonError = (code: ErrorCode, message: RegExp) => (thrown: unknown) => thrown instanceof LeptonError && thrown.code === code && message.test(thrown.message);
const directory = mkdtempSync(join(tmpdir(), 'lepton-config-'));
after(() => rmSync(directory, { recursive: true }));

function load(flags: Record<string, string> = {}, env: Record<string, string> = {}) {
  return loadConfig({ flags, env, cwd: directory });
}
function file(text: string): string {
  writeFileSync(join(directory, 'lepton.yaml'), text);
  return 'lepton.yaml';
}

describe('loadConfig', () => {
  it('fills in every default and freezes', () => {
    const { config, warnings } = load();
    assert.deepEqual(config, {
      dataDirectory: join(directory, '.lepton-ai'),
      databaseUrl: null,
      http: { host: '127.0.0.1', port: 8080 },
      grpc: { host: '127.0.0.1', port: 8081 },
      modelRepository: null, serverName: null,
      limits: { bodyBytesMax: 256 * 2 ** 20, headerBytesMax: 16384, connectionsMax: 4096, requestReceiveTimeoutMs: 60000, keepAliveTimeoutMs: 75000, transferBytesPerSecond: 64 * 2 ** 20, fileBytesMax: 16 * 2 ** 30, workerBytesMax: null },
      shutdownGraceMs: 30000,
      orphanGraceMs: 300000,
      frontRow: true,
      logLevel: 'info',
      replicaLogBytesMax: 10 * 2 ** 20, endedLogsBytesMax: 256 * 2 ** 20, logRedact: null, captureBytesMax: 2 ** 30,
      environmentBuildTimeoutMs: 1_800_000,
      environmentBuildsMax: 1,
      eventsMax: 10000,
      scheduler: { planIntervalMs: 3_000, holdMs: 60_000, plansMax: 500 },
      feedback: { windowMs: 2_592_000_000, rowsMax: 1_000_000 },
      monitoring: { historyBytesMax: 1_073_741_824 },
    });
    assert.deepEqual(warnings, []);
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.limits) && Object.isFrozen(config.http));
  });

  it('takes flags before environment before file before defaults', () => {
    const config = file('http: 127.0.0.1:1\neventsMax: 7\nlogLevel: debug\nlimits: { connectionsMax: 5 }\n');
    const loaded = load({ config, http: ':3' }, { LEPTON_HTTP: '2', LEPTON_EVENTS_MAX: '8' }).config;
    assert.deepEqual([loaded.http, loaded.eventsMax, loaded.logLevel, loaded.limits.connectionsMax], [{ host: '127.0.0.1', port: 3 }, 8, 'debug', 5]);
  });

  it('reads on and off', () => {
    assert.deepEqual(['on', 'off', 'true', 'false'].map((text) => load({ 'front-row': text }).config.frontRow), [true, false, true, false]);
    assert.throws(() => load({ 'front-row': 'maybe' }), isLeptonError('INVALID_ARGUMENT', /--front-row: "maybe" is not on or off/));
    assert.equal(load({ config: file('frontRow: off\n') }).config.frontRow, false);
  });

  it('takes a URL of Postgres only, and never repeats its password', () => {
    assert.equal(load({ 'database-url': 'postgresql://u:secret@h/db' }).config.databaseUrl, 'postgresql://u:secret@h/db');
    for (const url of ['mysql://u:secret@h/db', 'postgres:secret', 'postgres://']) {
      assert.throws(() => load({ 'database-url': url }), (thrown) => isLeptonError('INVALID_ARGUMENT', /^--database-url: "(?:mysql|postgres):\/\/…" is not a URL such as postgres:/)(thrown) && !(thrown as Error).message.includes('secret'));
    }
  });

  it('takes patterns of secrets as lines or, in the file, as a list', () => {
    assert.deepEqual(load({ 'log-redact': 'emp-\\d+\nbadge \\w+' }).config.logRedact, ['emp-\\d+', 'badge \\w+']);
    assert.deepEqual(load({ config: file('logRedact: ["emp-\\\\d+", x]') }).config.logRedact, ['emp-\\d+', 'x']);
    for (const pattern of ['(', 'a*', 'x'.repeat(501)]) assert.throws(() => load({ 'log-redact': pattern }), isLeptonError('INVALID_ARGUMENT', /is not one to 50 regular expressions/));
    assert.throws(() => load({ config: file('eventsMax: [1]') }), isLeptonError('INVALID_ARGUMENT', /must be a text or a number/));
  });

  it('names the nearest key for an unknown one', () => {
    assert.throws(() => load({ config: file('dataDirektory: x') }), isLeptonError('INVALID_ARGUMENT', /did you mean dataDirectory\?/));
    assert.throws(() => load({ config: file('limits: { bodyBytesMx: 1 }') }), isLeptonError('INVALID_ARGUMENT', /did you mean limits\.bodyBytesMax\?/));
    assert.throws(() => load({ 'data-dri': 'x' }), isLeptonError('INVALID_ARGUMENT', /did you mean data-dir\?/));
    assert.match(load({}, { LEPTON_HTPP: 'x' }).warnings[0] ?? '', /did you mean LEPTON_HTTP\?/);
  });

  it('refuses values that are none, and says where they stand', () => {
    assert.throws(() => load({ http: 'nonsense' }), isLeptonError('INVALID_ARGUMENT', /--http: "nonsense"/));
    assert.throws(() => load({}, { LEPTON_BODY_BYTES_MAX: '12 potatoes' }), isLeptonError('INVALID_ARGUMENT', /LEPTON_BODY_BYTES_MAX/));
    assert.throws(() => load({ config: file('logLevel: loud') }), isLeptonError('INVALID_ARGUMENT', /lepton\.yaml: logLevel/));
    assert.throws(() => load({ config: file('- a\n- b') }), isLeptonError('INVALID_ARGUMENT', /keys and values/));
    assert.throws(() => load({ config: file('a: [') }), isLeptonError('INVALID_ARGUMENT', /lepton\.yaml/));
    assert.throws(() => load({ config: 'missing.yaml' }), isLeptonError('INVALID_ARGUMENT', /does not exist/));
  });

  it('warns when other machines can reach it, and only then', () => {
    assert.match(load({ http: '0.0.0.0:80' }).warnings[0] ?? '', /no authentication yet/);
    assert.deepEqual(load({ http: ':80', grpc: '[::1]:81' }).warnings, []);
  });

  it('starts relative paths of the file from the file, grpc can be off', () => {
    const loaded = load({ config: file('dataDirectory: data\ngrpc: off\n') }).config;
    assert.deepEqual([loaded.dataDirectory, loaded.grpc], [join(directory, 'data'), null]);
  });
});

describe('texts', () => {
  it('reads sizes, times and addresses', () => {
    assert.deepEqual(['512MiB', '1 kB', '1.5GiB', '7'].map(parseBytes), [2 ** 29, 1000, 1.5 * 2 ** 30, 7]);
    assert.deepEqual(['30s', '5min', '1500', '-1', '1e3', ''].map(parseMilliseconds), [30000, 300000, 1500, undefined, undefined, undefined]);
    assert.deepEqual([parseAddress('[::]:5'), parseAddress('a.b:70000'), parseAddress('8080')], [{ host: '::', port: 5 }, undefined, { host: '127.0.0.1', port: 8080 }]);
    assert.deepEqual(['127.0.0.1', 'localhost', '0.0.0.0', '127.evil.com'].map(isLoopback), [true, true, false, false]);
  });

  it('has flags, variables and names that are unique', () => {
    for (const key of ['name', 'flag', 'env'] as const) assert.equal(new Set(SETTINGS.map((setting) => setting[key])).size, SETTINGS.length);
  });

  it('has its reference page written out', () => {
    assert.equal(readFileSync(new URL('../../docs/reference/configuration.md', import.meta.url), 'utf8'), configurationMarkdown(), 'run: node scripts/generate.ts');
  });
});
