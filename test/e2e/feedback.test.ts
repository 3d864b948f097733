import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { after, before, describe, it } from 'node:test';
import { type Feedback, type FeedbackSummary, InferenceClient, LeptonClient } from '../../clients/typescript/src/index.ts';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { lepton, scaleRequest, TestPlatform, until } from './harness.ts';

interface Posted {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: { code?: string; duplicate?: boolean; version?: string; service?: string; results?: { status: number }[] };
}

async function post({ url }: TestPlatform, body: unknown): Promise<Posted> {
  const response = await fetch(`${url}/v2/feedback`, { method: 'POST', body: JSON.stringify(body) });
  return { status: response.status, retryAfter: response.headers.get('retry-after'), body: (await response.json()) as Posted['body'] };
}

/** A real answer's prediction id. */
async function predict(platform: TestPlatform, path: string): Promise<{ id: string; version: string }> {
  const response = await fetch(`${platform.url}/v2/models/${path}/infer`, { method: 'POST', body: JSON.stringify(scaleRequest()) });
  assert.equal(response.status, 200, await response.clone().text());
  return { id: response.headers.get('lepton-prediction-id') ?? '', version: response.headers.get('lepton-version') ?? '' };
}

describe('feedback on a running platform', () => {
  let platform: TestPlatform;
  const summary = (): Promise<FeedbackSummary> => platform.api('GET', '/services/scale/feedback/summary');
  const counts = async (): Promise<Record<string, number>> => Object.fromEntries((await summary()).versions.map(({ version, count }) => [version, count]));
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2, 3]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    for (const version of ['v1', 'v2']) await platform.api('POST', '/services/scale/deployments?wait=60', { deployment: { version: `scale:${version}` } });
    await platform.api('PUT', '/services/scale/traffic?wait=60', { traffic: { weights: { v1: 50, v2: 50 } } });
  });
  after(() => platform.dispose());

  it('says of each version what was said of its answers', async () => {
    assert.deepEqual((await summary()).versions, []);
    const answers = await Promise.all(Array.from({ length: 40 }, () => predict(platform, 'scale')));
    for (const { id, version } of answers) {
      const { status, body } = await post(platform, { prediction_id: id, reward: version === 'v1' ? 1 : -1, correct: version === 'v1' });
      assert.deepEqual([status, body.service, body.version, body.duplicate], [200, 'scale', version, false]);
    }
    const answered = (version: string): number => answers.filter((answer) => answer.version === version).length;
    const { versions } = await summary();
    assert.deepEqual(versions.map(({ version, count, reward, correct }) => [version, count, reward?.mean, correct?.accuracy]), [['v1', answered('v1'), 1, 1], ['v2', answered('v2'), -1, 0]]);
    assert.ok(answered('v1') > 10 && answered('v2') > 10);
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    for (const [version, sum] of [['v1', answered('v1')], ['v2', -answered('v2')]]) assert.match(metrics, new RegExp(`^lepton_feedback_reward_sum\\{service="scale",version="${version}"\\} ${sum}$`, 'm'));
    assert.deepEqual(versions.map(({ digest }) => digest), (await Promise.all(['v1', 'v2'].map((version) => platform.api<{ digest: string }>('GET', `/repositories/scale/versions/${version}`)))).map(({ digest }) => digest));
  });

  it('tells repeated, contradicted and mistyped feedback apart, alone and in a list', async () => {
    const { id } = await predict(platform, 'scale/versions/v2');
    const mistyped = id.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'));
    const entries = [{ prediction_id: id, label: 'a' }, { prediction_id: id, label: 'a' }, { prediction_id: id, label: 'b' }, { prediction_id: mistyped, label: 'a' }, { prediction_id: id, label: {} }];
    for (const [index, status] of [200, 200, 409, 404, 400].entries()) assert.equal((await post(platform, entries[index])).status, status);
    assert.equal((await post(platform, entries[1])).body.duplicate, true);
    const { status, body } = await post(platform, entries);
    assert.deepEqual([status, body.results?.map((result) => result.status)], [200, [200, 200, 409, 404, 400]]);
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    assert.match(metrics, /^lepton_feedback_total\{service="scale",version="v2",outcome="conflict"\} 2$/m);
  });

  it('acknowledges nothing while control is away, and takes it when control is back; inference goes on', async () => {
    const { id } = await predict(platform, 'scale/versions/v1');
    const before = await counts();
    await platform.killControl();
    const during = await predict(platform, 'scale/versions/v1');
    const { status, retryAfter, body } = await post(platform, { prediction_id: id, reward: 5 });
    assert.deepEqual([status, body.code, retryAfter], [503, 'CONTROL_UNAVAILABLE', '1']);
    await platform.startControl();
    for (const prediction of [id, during.id]) assert.equal((await post(platform, { prediction_id: prediction, reward: 5 })).status, 200);
    assert.deepEqual(await counts(), { ...before, v1: (before['v1'] ?? 0) + 2 });
  });

  it('keeps what it acknowledged over kill -9 of everything, and knows the ids of before', async () => {
    const [said, unsaid] = [await predict(platform, 'scale/versions/v1'), await predict(platform, 'scale/versions/v2')];
    assert.equal((await post(platform, { prediction_id: said.id, correct: false, comment: 'kept' })).status, 200);
    await platform.killEverything();
    await platform.startControl();
    assert.equal((await post(platform, { prediction_id: said.id, correct: false, comment: 'kept' })).body.duplicate, true);
    assert.equal((await post(platform, { prediction_id: unsaid.id, reward: 1 })).body.version, 'v2');
    await until('it serves again', () => predict(platform, 'scale'));
    assert.equal((await post(platform, { prediction_id: (await predict(platform, 'scale/versions/v1')).id, reward: 1 })).body.version, 'v1');
  });

  it('knows the version after an update, a rollback, its removal and the end of the service', async () => {
    const first = await predict(platform, 'scale/versions/v2');
    await platform.api('POST', '/services/scale/update?wait=60', { deployment: { version: 'scale:v3' }, from: 'v2' });
    const third = await predict(platform, 'scale/versions/v3');
    await platform.api('POST', '/services/scale/rollback?wait=60', {});
    assert.equal((await post(platform, { prediction_id: third.id, reward: 1 })).body.version, 'v3');
    await platform.api('DELETE', '/services/scale/deployments/v2?wait=60&force=true');
    assert.equal((await post(platform, { prediction_id: first.id, reward: 1 })).body.version, 'v2');
    const last = await predict(platform, 'scale');
    await platform.api('DELETE', '/services/scale?wait=60');
    assert.deepEqual((await post(platform, { prediction_id: last.id, reward: 1, label: 'late' })).body, { prediction_id: last.id, duplicate: false, service: 'scale', version: 'v1' });
    assert.deepEqual(Object.keys(await counts()).sort(), ['v1', 'v2', 'v3']);
    const listed = await platform.api<Feedback[]>('GET', '/services/scale/feedback?limit=1');
    assert.deepEqual(listed.map(({ predictionId, label }) => [predictionId, label]), [[last.id, 'late']]);
    await assert.rejects(platform.api('GET', '/services/never/feedback'), { status: 404, code: 'SERVICE_NOT_FOUND' });
  });

  it('is sent and read by the client and the command line', async () => {
    await platform.api('POST', '/services/again/deployments?wait=60', { deployment: { version: 'scale:v2' } });
    const inference = new InferenceClient({ url: platform.url });
    const predictionOf = async (): Promise<string> => (await inference.infer('again', { x: { data: new Float32Array(4), shape: [1, 4] } })).predictionId ?? '';
    const [a, b, c] = [await predictionOf(), await predictionOf(), await predictionOf()];
    assert.deepEqual(await inference.sendFeedback({ predictionId: a, reward: 1, metadata: { by: 'test' } }), { predictionId: a, duplicate: false, service: 'again', version: 'v2' });
    await assert.rejects(inference.sendFeedback({ predictionId: a, reward: 2 }), { code: 'FEEDBACK_DUPLICATE', status: 409 });
    assert.deepEqual((await inference.sendFeedback([{ predictionId: b, correct: true }, { predictionId: 'x', reward: 1 }])).map(({ predictionId, status }) => [predictionId, status]), [[b, 200], ['x', 404]]);
    const sent = await lepton(platform, 'feedback', c, '--label', '["cat","dog"]', '--no-correct', '--reward', '-0.5', '--metadata', 'by=cli', '--id', 'cli-1');
    assert.deepEqual([sent.code, sent.stdout], [0, 'stored: again v2\n'], sent.stderr);
    assert.equal((await lepton(platform, 'feedback', c, '--reward', '3', '--id', 'cli-1')).stdout, 'known already: again v2\n');
    for (const [code, args] of [[4, [a, '--reward', '9']], [3, ['x', '--reward', '9']], [2, [a]], [2, []], [2, [a, '--reward', 'much']], [3, ['--service', 'never']]] as const) assert.equal((await lepton(platform, 'feedback', ...args)).code, code, args.join(' '));
    const shown = await lepton(platform, 'feedback', '--service', 'again');
    assert.match(shown.stdout, /scale:v2 +3 +0\.25 ± 1\.061 \(2\) +50 % \(1 of 2\) +1 /);
    const client = new LeptonClient({ url: platform.url });
    const entries = await client.listFeedback('again');
    assert.deepEqual(entries.map(({ predictionId, label, correct, metadata, key }) => [predictionId, label, correct, metadata, key]), [[a, null, null, { by: 'test' }, null], [b, null, true, null, null], [c, ['cat', 'dog'], false, { by: 'cli' }, 'cli-1']]);
    assert.deepEqual((await client.listFeedback('again', { after: entries[1]?.id ?? 0 })).map(({ predictionId }) => predictionId), [c]);
    assert.equal((await client.feedbackSummary('again')).versions[0]?.labels, 1);
    const listed = JSON.parse((await lepton(platform, 'feedback', '--service', 'again', '--list', '--version', 'v2', '--json')).stdout) as Feedback[];
    assert.deepEqual(listed, entries);
  });
});

describe('feedback that comes late, or in numbers', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start('--feedback-window', '2s', '--feedback-rows-max', '50');
    await platform.publish('scale', 'v1', scaleModel(1));
    await platform.api('POST', '/services/scale/deployments?wait=60', { deployment: { version: 'scale:v1' } });
  });
  after(() => platform.dispose());

  it('is refused after the window; of what is taken the newest are kept', async () => {
    const early = await predict(platform, 'scale');
    await delay(2_100);
    const { status, body } = await post(platform, { prediction_id: early.id, reward: 1 });
    assert.deepEqual([status, body.code], [410, 'FEEDBACK_TOO_LATE']);
    for (let round = 0; round < 3; round++) {
      const answers = await Promise.all(Array.from({ length: 30 }, () => predict(platform, 'scale')));
      const sent = await post(platform, answers.map(({ id }) => ({ prediction_id: id, reward: round })));
      assert.ok(sent.body.results?.every((result) => result.status === 200));
    }
    assert.equal((await platform.api<Feedback[]>('GET', '/services/scale/feedback?limit=1000')).length, 50);
    const { versions, removed } = await platform.api<FeedbackSummary>('GET', '/services/scale/feedback/summary');
    assert.deepEqual([versions[0]?.count, versions[0]?.reward?.sum, removed], [90, 90, 40]);
  });
});
