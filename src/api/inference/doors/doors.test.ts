import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { FakeWorker } from '../../../testing/fake-worker.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../../../testing/gateway-fixture.ts';
import { until } from '../../../testing/until.ts';

const ROW = { instances: [[1, 2, 3, 4]] };
const JSON_TYPE = { 'content-type': 'application/json' };

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: any;
}

describe('doors', () => {
  let gateway: GatewayFixture;
  let workers: FakeWorker[];
  before(async () => {
    gateway = await GatewayFixture.start();
    workers = [await gateway.worker('a', 2), await gateway.worker('b', 3)];
    await route();
  });
  after(() => gateway.close());

  const versions = (): Parameters<typeof serviceRoute>[1] => [
    versionRoute('v1', [workers[0]!.route]),
    versionRoute('v2.0', [workers[1]!.route]),
    versionRoute('v3', [], { phase: 'failed', reason: 'LoadFailed', message: 'no such operator' }),
    versionRoute('v4', [], { phase: 'starting', reason: 'Loading', message: '' }),
  ];
  const route = (overrides: Parameters<typeof serviceRoute>[2] = {}): Promise<void> => gateway.setServices(serviceRoute('m', versions(), { weights: { v1: 75, 'v2.0': 25 }, labels: { canary: 'v2.0' }, ...overrides }));

  async function ask(path: string, body?: object | string | Uint8Array, headers: Record<string, string> = {}, method = body === undefined ? 'GET' : 'POST'): Promise<Reply> {
    const sent = body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
    const response = await fetch(gateway.url + path, { method, headers, ...(sent !== undefined && { body: sent as string }) });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      get body() {
        return JSON.parse(text);
      },
    };
  }
  async function statistics(version: string): Promise<{ success: number; fail: number }> {
    const { body } = await ask(`/v2/models/m/versions/${version}/stats`);
    const { success, fail } = body.model_stats[0].inference_stats;
    return { success: success.count, fail: fail.count };
  }

  describe('TensorFlow Serving', () => {
    test('predict answers rows with rows and columns with columns, by name, version, label and traffic', async () => {
      for (const [path, version, factor] of [['m/versions/v1', 'v1', 2], ['m/versions/v2.0', 'v2.0', 3], ['m/versions/canary', 'v2.0', 3], ['m/labels/canary', 'v2.0', 3], ['%6D/versions/v1', 'v1', 2]] as const) {
        const answer = await ask(`/v1/models/${path}:predict`, ROW);
        assert.deepEqual([answer.status, answer.body], [200, { predictions: [[factor, 2 * factor, 3 * factor, 4 * factor]] }], path);
        assert.equal(answer.headers.get('lepton-version'), version);
        assert.match(answer.headers.get('lepton-prediction-id') ?? '', /^[0-9a-f-]{36}$/);
        assert.equal(answer.headers.get('content-type'), 'application/json');
      }
      assert.deepEqual((await ask('/v1/models/m/versions/v1:predict', { signature_name: 'serving_default', inputs: [[1, 2, 3, 4]] })).body, { outputs: [[2, 4, 6, 8]] });
      assert.deepEqual((await ask('/v1/models/m/versions/v1:predict', { signature_name: '', inputs: { x: [[1, 2, 3, 4]] } })).body, { outputs: [[2, 4, 6, 8]] });
      assert.deepEqual((await ask('/v1/models/m/versions/v1%3APREDICT', { instances: [{ x: [1, 1, 1, 1] }, { x: [0, 0, 0, 0] }] })).body, { predictions: [[2, 2, 2, 2], [0, 0, 0, 0]] });
    });
    test('takes any content type and compressed bodies, and words for what is not finite', async () => {
      const body = gzipSync('{"instances": [[NaN, Infinity, -Infinity, 0.1]]}');
      const answer = await ask('/v1/models/m/versions/v1:predict', body, { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' });
      assert.deepEqual([answer.status, answer.text], [200, '{"predictions":[[NaN,Infinity,-Infinity,0.2]]}']);
    });
    test('status tells every version and its state', async () => {
      const { body } = await ask('/v1/models/m');
      assert.deepEqual(body.model_version_status.map((entry: any) => [entry.version, entry.state, entry.status.error_code, entry.status.error_message]), [['v1', 'AVAILABLE', 'OK', ''], ['v2.0', 'AVAILABLE', 'OK', ''], ['v3', 'END', 'UNAVAILABLE', 'LoadFailed: no such operator'], ['v4', 'LOADING', 'OK', 'Loading']]);
      for (const path of ['versions/v2.0', 'labels/canary']) assert.deepEqual((await ask(`/v1/models/m/${path}`)).body.model_version_status.map((entry: any) => entry.version), ['v2.0']);
    });
    test('metadata is the signature', async () => {
      const { body, headers } = await ask('/v1/models/m/labels/canary/metadata');
      assert.deepEqual(body.model_spec, { name: 'm', signature_name: '', version: 'v2.0' });
      assert.equal(headers.get('lepton-version'), 'v2.0');
      const { inputs, outputs, method_name } = body.metadata.signature_def.signature_def.serving_default;
      assert.deepEqual(inputs, { x: { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: '-1', name: 'batch' }, { size: '4', name: '' }], unknown_rank: false }, name: 'x' } });
      assert.deepEqual([Object.keys(outputs), method_name], [['y'], 'tensorflow/serving/predict']);
    });
    const CASES: readonly [path: string, body: string | undefined, status: number, mention: RegExp][] = [
      ['m:predict', '', 400, /JSON/],
      ['m:predict', '{"instances":[[1,2,3,4]]', 400, /JSON/],
      ['m:predict', '{}', 400, /neither 'instances' .* nor 'inputs'/],
      ['m:predict', '{"instances":[[1,2,3,4]],"inputs":[[1,2,3,4]]}', 400, /both/],
      ['m:predict', '{"instances":[[1,2,3,4]],"instances":[[1,2,3,4]]}', 400, /twice/],
      ['m:predict', '{"instances":[],"signature_name":"serving_default"}', 400, /empty/],
      ['m:predict', '{"instances":[[1,2,3,4],[1,2,3]]}', 400, /instances\[1\] has 3/],
      ['m:predict', '{"instances":[[1,2,3]]}', 400, /\[1,3\].*\[-1,4\]/],
      ['m:predict', '{"instances":[{"X":[1,2,3,4]}]}', 400, /lacks 'x' and has 'X'/],
      ['m:predict', '{"signature_name":"other","instances":[[1,2,3,4]]}', 400, /other.*serving_default/],
      ['m:predict', '{"signature_name":5,"instances":[[1,2,3,4]]}', 400, /signature_name 5/],
      ['m:predict', `{"instances":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 400, /deep/],
      ['m:classify', '{"examples":[{}]}', 501, /:classify.*:predict/],
      ['m:regress', '{"examples":[{}]}', 501, /:regress.*:predict/],
      ['m:explode', '{}', 404, /:explode/],
      ['m:predict', undefined, 405, /GET.*POST/],
      ['m', '{}', 405, /POST.*GET/],
      ['m/other', undefined, 404, /m\/other/],
      ['m/versions/v9:predict', '{"instances":[[1,2,3,4]]}', 404, /v9.*'v1'/],
      ['m/labels/v1:predict', '{"instances":[[1,2,3,4]]}', 404, /no label 'v1'/],
      ['m/labels/stable', undefined, 404, /stable/],
      ['nobody:predict', '{"instances":[[1,2,3,4]]}', 404, /'nobody'/],
      ['nobody', undefined, 404, /'nobody'/],
      ['m/versions/v3:predict', '{"instances":[[1,2,3,4]]}', 503, /LoadFailed: no such operator/],
      ['%ff:predict', '{}', 400, /percent/],
    ];
    for (const [path, body, status, mention] of CASES) {
      test(`refused with ${status}: ${path} ${(body ?? '').slice(0, 60)}`, async () => {
        const answer = await ask(`/v1/models/${path}`, body);
        assert.deepEqual([answer.status, Object.keys(answer.body)], [status, ['error']], answer.text);
        assert.match(answer.body.error, mention);
        if (status === 503) assert.equal(answer.headers.get('retry-after'), '1');
        if (status === 405) assert.equal(answer.headers.get('allow'), body === undefined ? 'POST' : 'GET');
        assert.equal((await ask('/v1/models/m:predict', ROW)).status, 200);
      });
    }
  });

  describe('KServe v1', () => {
    test('tells that it lives, its models and whether one is ready', async () => {
      assert.equal((await ask('/')).body.status, 'alive');
      assert.deepEqual((await ask('/v1/models')).body, { models: ['m'] });
      const { body } = await ask('/v1/models/m');
      assert.deepEqual([body.name, body.ready], ['m', true]);
      await route({ weights: { v4: 100 } });
      assert.equal((await ask('/v1/models/m')).body.ready, false);
      await route();
      const refusal = await ask('/v1/models', '{}');
      assert.deepEqual([refusal.status, refusal.headers.get('allow')], [405, 'GET']);
      assert.equal((await ask('/v1/models/m:explain', ROW)).status, 501);
    });
    const attributes = { 'ce-specversion': '1.0', 'ce-id': 'q1', 'ce-source': '/me', 'ce-type': 'io.kserve.inference.request' };
    test('answers a binary CloudEvent with one', async () => {
      const { status, body, headers } = await ask('/v1/models/m/versions/v1:predict', ROW, { ...JSON_TYPE, ...attributes });
      assert.deepEqual([status, body], [200, { predictions: [[2, 4, 6, 8]] }]);
      assert.deepEqual(['ce-specversion', 'ce-source', 'ce-type'].map((name) => headers.get(name)), ['1.0', 'io.kserve.inference.m', 'io.kserve.inference.response']);
      assert.ok(headers.get('ce-id') && headers.get('ce-time') && headers.get('lepton-prediction-id'));
    });
    test('answers a structured CloudEvent with one', async () => {
      for (const data of [{ data: ROW }, { data_base64: Buffer.from(JSON.stringify(ROW)).toString('base64') }]) {
        const { status, body, headers } = await ask('/v1/models/m/versions/v1:predict', { specversion: '1.0', id: 'q1', source: '/me', type: 't', ...data }, { 'content-type': 'application/cloudevents+json; charset=utf-8' });
        assert.deepEqual([status, headers.get('content-type'), body.data, body.type], [200, 'application/cloudevents+json', { predictions: [[2, 4, 6, 8]] }, 'io.kserve.inference.response']);
      }
    });
    for (const [why, body, headers, status, mention] of [
      ['a source missing', ROW, { ...attributes, 'ce-source': '' }, 400, /ce-source/],
      ['another version', ROW, { ...attributes, 'ce-specversion': '0.3' }, 400, /0\.3/],
      ['no data', { specversion: '1.0', id: 'q', source: 's', type: 't' }, { 'content-type': 'application/cloudevents+json' }, 400, /no data/],
      ['a batch', [], { 'content-type': 'application/cloudevents-batch+json' }, 415, /batch/],
    ] as const) test(`refused CloudEvent: ${why}`, async () => {
      const answer = await ask('/v1/models/m:predict', body, headers);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.body.error, mention);
    });
  });

  describe('MLflow', () => {
    const CSV = { 'content-type': 'text/csv' };
    test('invocations reads data frames, tensors and CSV', async () => {
      const frame = { columns: ['a', 'b', 'c', 'd'], index: [0], data: [[1, 2, 3, 4]] };
      for (const body of [{ dataframe_split: frame }, { dataframe_split: { data: frame.data } }, { dataframe_records: [{ a: 1, b: 2, c: 3, d: 4 }] }, { dataframe_split: { columns: ['x'], data: [[[1, 2, 3, 4]]] } }, ROW, { inputs: { x: [[1, 2, 3, 4]] }, params: { top_k: [1], note: 'x' } }]) {
        const answer = await ask('/mlflow/m/labels/canary/invocations', body, { 'content-type': 'application/json; charset=UTF-8' });
        assert.deepEqual([answer.status, answer.text], [200, '{"predictions":[[3.0,6.0,9.0,12.0]]}'], JSON.stringify(body));
        assert.equal(answer.headers.get('lepton-version'), 'v2.0');
      }
      assert.equal((await ask('/mlflow/m/versions/v1/invocations', '\ufeffa,b,"c ""d""",e\r\n1, 2 ,+3e0,\r\n"4",-inf,NA,.5\r\n', CSV)).text, '{"predictions":[[2.0,4.0,6.0,NaN],[8.0,-Infinity,NaN,1.0]]}');
    });
    test('ping, health and version answer for the service or one version', async () => {
      for (const path of ['ping', 'health', 'versions/v1/ping', 'labels/canary/health']) assert.deepEqual([(await ask(`/mlflow/m/${path}`)).status, (await ask(`/mlflow/m/${path}`)).text], [200, '\n']);
      assert.equal((await ask('/mlflow/m/version')).text, '0.0.0-test');
      const failed = await ask('/mlflow/m/versions/v3/ping');
      assert.deepEqual([failed.status, failed.body.error_code], [503, 'TEMPORARILY_UNAVAILABLE']);
      assert.match(failed.body.message, /LoadFailed: no such operator/);
    });
    const CASES: readonly [body: string | undefined, headers: Record<string, string>, status: number, code: string, mention: RegExp, path?: string][] = [
      ['{}', JSON_TYPE, 400, 'BAD_REQUEST', /exactly one of 'dataframe_split'.*no keys/],
      ['{"columns":[],"data":[]}', JSON_TYPE, 400, 'BAD_REQUEST', /exactly one.*'columns', 'data'/],
      ['{"instances":1,"inputs":1}', JSON_TYPE, 400, 'BAD_REQUEST', /exactly one.*'instances', 'inputs'/],
      ['[1]', JSON_TYPE, 400, 'BAD_REQUEST', /object/],
      ['{', JSON_TYPE, 400, 'BAD_REQUEST', /JSON/],
      ['{"instances":[[1,2,3,4]],"params":[]}', JSON_TYPE, 400, 'BAD_REQUEST', /params/],
      ['{"instances":[[1,2,3,4]],"params":{"priority":-1}}', JSON_TYPE, 400, 'BAD_REQUEST', /priority/],
      ['{"dataframe_split":[]}', JSON_TYPE, 400, 'BAD_REQUEST', /dataframe_split/],
      ['{"dataframe_split":{"columns":["a"]}}', JSON_TYPE, 400, 'BAD_REQUEST', /dataframe_split\.data/],
      ['{"dataframe_split":{"columns":["a","a"],"data":[[1,2]]}}', JSON_TYPE, 400, 'BAD_REQUEST', /'a'.*twice/],
      ['{"dataframe_split":{"columns":[null],"data":[[1]]}}', JSON_TYPE, 400, 'BAD_REQUEST', /columns\[0\] is null/],
      ['{"dataframe_split":{"columns":["a"],"data":[]}}', JSON_TYPE, 400, 'BAD_REQUEST', /no rows/],
      ['{"dataframe_split":{"columns":["a","b","c","d"],"data":[[1,2,3,4],[1,2]]}}', JSON_TYPE, 400, 'BAD_REQUEST', /data\[1\] has 2 cells/],
      ['{"dataframe_split":{"columns":["a","b"],"data":[[1,2]]}}', JSON_TYPE, 400, 'BAD_REQUEST', /2 columns \('a', 'b'\).*takes 4/],
      ['{"dataframe_split":{"columns":["a","b","c","d"],"data":[[1,2,3,"4"]]}}', JSON_TYPE, 400, 'BAD_REQUEST', /data\[0\], column 'd' is "4"/],
      ['{"dataframe_records":[{"a":1,"b":2,"c":3,"d":4},{"a":1,"b":2,"c":3}]}', JSON_TYPE, 400, 'BAD_REQUEST', /records\[1\] has no column 'd'/],
      ['{"dataframe_records":[{"a":1,"b":2,"c":3,"d":4},{"a":1,"b":2,"c":3,"d":4,"__proto__":5}]}', JSON_TYPE, 400, 'BAD_REQUEST', /records\[1\] has a column '__proto__'/],
      ['{"dataframe_records":[5]}', JSON_TYPE, 400, 'BAD_REQUEST', /records\[0\]/],
      ['', CSV, 400, 'BAD_REQUEST', /header|first row/],
      ['a,b,c,d\n', CSV, 400, 'BAD_REQUEST', /no rows/],
      ['a,b,c,d\n1,2,3,4\n1,2,3\n', CSV, 400, 'BAD_REQUEST', /row 2 of the CSV has 3 cells.*4 columns/],
      ['a,b,c,d\n1,2,3,"4\n', CSV, 400, 'BAD_REQUEST', /row 1 of the CSV.*[Qq]uote/],
      ['a,b,c,d\n1,2,3,0x10\n', CSV, 400, 'BAD_REQUEST', /row 1 of the CSV, column 'd' is "0x10"/],
      [',a,b,c,d\n0,1,2,3,4\n', CSV, 400, 'BAD_REQUEST', /5 columns.*index=False/],
      ['{}', { 'content-type': 'text/plain' }, 415, 'BAD_REQUEST', /text\/plain/],
      ['{}', { 'content-type': 'application/json; charset=latin-1' }, 415, 'BAD_REQUEST', /latin-1/],
      ['{}', { 'content-type': 'application/json; version=1' }, 415, 'BAD_REQUEST', /version=1/],
      [undefined, {}, 405, 'BAD_REQUEST', /GET.*POST/],
      [undefined, {}, 404, 'RESOURCE_DOES_NOT_EXIST', /'nobody'/, 'nobody/ping'],
      [undefined, {}, 404, 'RESOURCE_DOES_NOT_EXIST', /v9/, 'm/versions/v9/ping'],
      [undefined, {}, 404, 'ENDPOINT_NOT_FOUND', /m\/score/, 'm/score'],
    ];
    for (const [body, headers, status, code, mention, path = 'm/invocations'] of CASES) {
      test(`refused with ${status}: ${path} ${(body ?? '').slice(0, 60)}`, async () => {
        const answer = await ask(`/mlflow/${path}`, body, headers);
        assert.deepEqual([answer.status, answer.body.error_code, Object.keys(answer.body)], [status, code, ['error_code', 'message']], answer.text);
        assert.match(answer.body.message, mention);
      });
    }
  });

  describe('traffic', () => {
    const predict = (headers: Record<string, string> = {}): Promise<Reply> => ask('/v1/models/m:predict', ROW, headers);
    test('weights hold to the card: each request draws once and counts once', async () => {
      const before = [await statistics('v1'), await statistics('v2.0')];
      const replies = await Promise.all(Array.from({ length: 400 }, (_, index) => (index % 2 ? predict() : ask('/mlflow/m/invocations', ROW, JSON_TYPE))));
      const answered = (version: string): number => replies.filter(({ headers }) => headers.get('lepton-version') === version).length;
      assert.ok(Math.abs(answered('v1') - 300) <= 4, `${answered('v1')} of 400`);
      const [first, second] = [await statistics('v1'), await statistics('v2.0')];
      assert.deepEqual([first.success - before[0]!.success, second.success - before[1]!.success], [answered('v1'), answered('v2.0')]);
    });
    test('what the signature refuses counts as a failure of the version, once', async () => {
      const before = await statistics('v1');
      for (const body of ['{"instances":[["a",2,3,4]]}', '{"instances":[[1]]}']) assert.equal((await ask('/v1/models/m/versions/v1:predict', body)).headers.get('lepton-version'), 'v1');
      assert.deepEqual(await statistics('v1'), { success: before.success, fail: before.fail + 2 });
    });
    test('a sticky header or parameter leads to the version that the v2 protocol would take', async () => {
      await route({ sticky: { header: 'x-user' } });
      const seen = new Set<string | null>();
      for (let user = 0; user < 20; user++) {
        const headers = { 'x-user': `user-${user}` };
        const expected = (await gateway.infer('m', { headers })).headers.get('lepton-version');
        assert.equal((await predict(headers)).headers.get('lepton-version'), expected);
        assert.equal((await ask('/v1/models/m/metadata', undefined, headers)).headers.get('lepton-version'), expected);
        seen.add(expected);
      }
      assert.equal(seen.size, 2);
      await route({ sticky: { parameter: 'user' } });
      for (let user = 0; user < 10; user++) {
        const expected = (await gateway.infer('m', { parameters: { user } })).headers.get('lepton-version');
        assert.equal((await ask('/mlflow/m/invocations', { ...ROW, params: { user } }, JSON_TYPE)).headers.get('lepton-version'), expected);
      }
      await route();
    });
    test('a full queue is 429 with retry-after in the form of each protocol', async () => {
      const { route: replica } = workers[0]!;
      workers[0]!.behaviour = { kind: 'answer', delayMs: 300 };
      await gateway.setServices(serviceRoute('m', [versionRoute('v1', [replica], { batching: { maxBatch: 1, maxDelayMs: 0, queueLengthMax: 1, batchable: false, batchMax: 1 } })]));
      const replies = await Promise.all([...Array.from({ length: 6 }, () => predict()), ...Array.from({ length: 6 }, () => ask('/mlflow/m/invocations', ROW, JSON_TYPE))]);
      workers[0]!.behaviour = { kind: 'answer' };
      const refused = replies.filter(({ status }) => status === 429);
      assert.ok(refused.length >= 6 && refused.length < 12, `${refused.length} refused`);
      for (const { headers, body } of refused) {
        assert.ok(Number(headers.get('retry-after')) >= 1);
        assert.match(body.error ?? body.message, /queue .* is full/);
        if (body.error_code) assert.equal(body.error_code, 'REQUEST_LIMIT_EXCEEDED');
      }
      await route();
    });
    test('a version that leaves with its replica while a request is under way costs nothing where the traffic chose it', async () => {
      const doomed = await gateway.worker('doomed', 100);
      doomed.behaviour = { kind: 'hang' };
      await gateway.setServices(serviceRoute('m', [versionRoute('v9', [doomed.route])]));
      const waiting = predict();
      await until('running', () => doomed.runs.length === 1);
      await route({ weights: { v1: 100 } });
      await doomed.kill();
      const { status, headers, body } = await waiting;
      assert.deepEqual([status, headers.get('lepton-version'), body.predictions], [200, 'v1', [[2, 4, 6, 8]]]);
      await route();
    });
  });
});
