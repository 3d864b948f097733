import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createPlatform, type Platform } from '../platform.ts';
import { scaleModel, writeModelDirectory } from '../testing/onnx-models.ts';
import { temporaryDirectory, testConfig } from '../testing/platform-harness.ts';
import { until } from '../testing/until.ts';
import { buildProgram } from './program.ts';
import { type ProcessResult, runProcess, startProcess } from './support/run-process.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let platform: Platform;

before(async () => {
  directory = await temporaryDirectory();
  platform = await createPlatform(testConfig(join(directory.path, 'data'), { grpc: 'off' }));
  for (const factor of [2, 3]) await writeModelDirectory(join(directory.path, `times-${factor}`), scaleModel(factor));
});
after(async () => {
  await platform.stop({ graceMs: 3000 });
  await directory.remove();
});

const surroundings = () => ({ cwd: directory.path, env: { PATH: process.env.PATH, LEPTON_URL: platform.status().httpUrl ?? '', LEPTON_USER: 'ada' } });
const cli = (...args: string[]): Promise<ProcessResult> => runProcess(args, surroundings());

/** Runs a command that must succeed with JSON and nothing else on stdout. */
async function json(...args: string[]): Promise<any> {
  const result = await cli(...args, '--json');
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

async function fails(exitCode: number, message: RegExp, ...args: string[]): Promise<void> {
  const result = await cli(...args);
  assert.equal(result.code, exitCode, `${result.stdout}${result.stderr}`);
  assert.match(result.stderr, message);
}

describe('repositories', () => {
  it('are created, pushed to, listed and compared', async () => {
    assert.match((await cli('create-repository', 'scaler', '--description', 'a factor')).stdout, /repository scaler is there/);
    assert.match((await cli('push', 'scaler:v1', 'times-2', '--metadata', 'accuracy=0.91', '--label', 'stable')).stdout, /scaler:v1 published/);
    assert.equal((await json('push', 'scaler:v2', join('times-3', 'model.onnx'))).created, true);
    assert.deepEqual((await json('versions', 'scaler')).map((one: { version: string; createdBy: string }) => [one.version, one.createdBy]), [['v1', 'ada'], ['v2', 'ada']]);
    const table = (await cli('versions', 'scaler')).stdout.split('\n');
    assert.match(table[0] ?? '', /^VERSION +DIGEST +FORMAT/);
    assert.match(table[1] ?? '', /^v1 .*stable/);
    const shown = (await cli('show', 'scaler:stable')).stdout;
    assert.match(shown, /metadata\.accuracy +0\.91/);
    assert.doesNotMatch(shown, /^\S+\s*$/m, 'no row without a value');
    assert.match((await cli('diff', 'scaler', 'v1', 'v2')).stdout, /file +changed +model\.onnx/);
    assert.match((await cli('history', 'scaler')).stdout, /label-moved/);
    assert.equal((await json('label', 'list', 'scaler'))[0].version, 'v1');
    await fails(4, /points to|CONFLICT|now/i, 'label', 'set', 'scaler', 'stable', 'v2', '--expect', 'v2');
  });

  it('are warned of links that lead out of what is pushed', async () => {
    await writeModelDirectory(join(directory.path, 'linked'), scaleModel(6));
    await writeFile(join(directory.path, 'outside.txt'), 'elsewhere');
    await symlink('model.onnx', join(directory.path, 'linked', 'inside.onnx'));
    await symlink('../outside.txt', join(directory.path, 'linked', 'link.txt'));
    const pushed = await cli('push', 'linked:v1', 'linked', '--json');
    assert.match(pushed.stderr, /^warning: link\.txt is a link to \S+outside\.txt, outside linked; what it leads to is pushed\n$/);
    assert.deepEqual(JSON.parse(pushed.stdout).version.manifest.files.map((file: { path: string }) => file.path), ['inside.onnx', 'link.txt', 'model.onnx']);
  });

  it('check known answers before a version serves', async () => {
    const example = (y: number) => ({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 1, 1, 1] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [1, 4], data: [y, y, y, y] }] });
    await writeFile(join(directory.path, 'right.json'), JSON.stringify(example(2)));
    await writeFile(join(directory.path, 'wrong.json'), JSON.stringify(example(5)));
    await cli('push', 'checked:right', 'times-2', '--example', 'right.json');
    await cli('push', 'checked:wrong', 'times-2', '--example', 'wrong.json');
    assert.equal((await cli('deploy', 'checked:right')).code, 0);
    const broken = await cli('update', 'checked:wrong');
    assert.equal(broken.code, 6, broken.stderr);
    assert.match(broken.stderr, /error: checked: version wrong failed: KnownAnswerFailed: .*; version right keeps serving/);
    assert.equal(broken.stderr.match(/expected/g)?.length, 1, 'the reason stands once');
    assert.match((await cli('infer', 'checked', '--input', 'x=[[1,2,3,4]]')).stdout, /version right/);
    const degraded = (await cli('status', 'checked')).stdout;
    assert.match(degraded, /wrong +failed .*KnownAnswerFailed/);
    assert.match(degraded, /^traffic: right=100 \(wanted: wrong=100\)$/m);
    assert.equal(degraded.match(/expected/g)?.length, 1, 'the reason stands once');
    assert.equal((await cli('rollback', 'checked')).code, 0);
    assert.equal((await json('undeploy', 'checked', '--all')).outcome.state, 'serving');
  });
});

describe('services', () => {
  it('are deployed, called, shifted and looked at', async () => {
    const first = await cli('deploy', 'scaler:v1', '--service', 'calc', '--priority', '2');
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /\+ deployments\.v1: scaler:v1\n[^]*✔ calc: revision 1 serves/);
    const second = await json('deploy', 'scaler:v2', '--service', 'calc');
    assert.deepEqual([second.outcome.state, second.status.versions.length], ['serving', 2]);
    const answer = await json('infer', 'calc', '--version', 'v2', '--input', 'x=[[1,2,3,4]]');
    assert.deepEqual([answer.version, answer.outputs[0].data], ['v2', [3, 6, 9, 12]]);
    assert.match((await cli('infer', 'calc', '--version', 'v1', '--input', 'x=[["NaN",1,"-Infinity",0.1]]')).stdout, /^y FP32\[1,4\]: NaN, 2, -Infinity, 0\.2$/m);
    assert.equal((await json('traffic', 'calc', 'v1=90', 'v2=10', '--sticky-header', 'x-user')).outcome.state, 'serving');
    assert.match((await cli('traffic', 'calc')).stdout, /^v1=90 v2=10, sticky by header x-user$/m);
    assert.doesNotMatch((await cli('traffic', 'calc', 'v1=80', 'v2=20', '--dry-run')).stdout, /sticky/);
    assert.match((await cli('traffic', 'calc', 'v1=80', 'v2=20', '--no-sticky', '--dry-run')).stdout, /- traffic\.sticky\.header: x-user/);
    const status = (await cli('status', 'calc')).stdout;
    assert.match(status, /^v1 +ready +90 % +1\/1 +2 /m);
    assert.match((await cli('status')).stdout, /1 services, 2 replicas ready/);
    assert.match((await cli('services', '--revisions', 'calc')).stdout, /^3 +v1, v2 +v1=90 v2=10/m);
    assert.equal((await json('schedule', 'calc', 'v2', '--priority', '7')).changes[0].path, 'deployments.v2.priority');
    assert.match((await cli('logs', 'calc', '--version', 'v2')).stdout, /^\S+ \S+ info {2}calc:v2 \w+ worker ready/m);
    const lines = await json('logs', 'calc:v2', '--search', 'READY', '--since', '1h', '--tail', '1');
    assert.deepEqual([lines.length, lines[0].service, lines[0].version, lines[0].process], [1, 'calc', 'v2', 'worker']);
    assert.deepEqual(await json('logs', 'calc', '--until', '2020-01-01'), []);
  });

  it('have profiles of their versions, which simulations take from the server', async () => {
    const { profiles } = await json('profile', 'scaler:v1');
    assert.deepEqual([profiles.length, profiles[0].here, profiles[0].measured.origin], [1, true, 'measured']);
    assert.match((await cli('profile', 'scaler:v1')).stdout, /^scaler:v1 .*files \d+ B\n\n\S+ \(this host\), 1 thread\nneeds +[\d.]+ [mµ]s CPU a request/);
    const trace = (profile: string): string => `durationSeconds: 60\nnodes: [{ name: n, cpus: 2, memoryGib: 4 }]\nversions: [{ id: "calc:v1", profile: "${profile}", arrivals: { rate: 20 } }]\n`;
    await writeFile(join(directory.path, 'trace.yaml'), trace('scaler:v1'));
    const { results } = await json('simulate', '--trace', 'trace.yaml', '--policy', 'greedy');
    assert.ok(results[0].requests > 0 && results[0].served / results[0].requests > 0.9, JSON.stringify(results[0]));
    await writeFile(join(directory.path, 'trace.yaml'), trace('scaler:none'));
    await fails(3, /scaler has no version or label none/, 'simulate', '--trace', 'trace.yaml');
    await fails(2, /is not a version reference|must be/, 'profile', 'scaler');
  });

  it('take a whole request from a file, with headers', async () => {
    await writeFile(join(directory.path, 'request.json'), JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 1, 1, 1] }] }));
    const versions = await Promise.all([1, 2].map(async () => (await json('infer', 'calc', '--file', 'request.json', '--header', 'x-user=alice')).version));
    assert.equal(new Set(versions).size, 1);
  });

  it('are declared in YAML: a dry run shows, the first run changes, the second does not', async () => {
    await writeFile(
      join(directory.path, 'all.yaml'),
      ['kind: Repository', 'name: scaler', '---', 'kind: Label', 'repository: scaler', 'name: canary', 'version: v2', '---', 'kind: Service', 'name: calc', 'deployments:', '  - version: scaler:v1', '  - version: scaler:v2', '    priority: 9', 'traffic:', '  weights: { v1: 50, v2: 50 }', ''].join('\n'),
    );
    const dry = await cli('apply', '-f', 'all.yaml', '--dry-run');
    assert.match(dry.stdout, /repository scaler: nothing changes\nlabel scaler:canary: none → v2\ncalc: would become a new revision\n/);
    assert.match(dry.stdout, /~ deployments\.v2\.priority: 7 → 9/);
    assert.equal((await cli('apply', '-f', 'all.yaml')).code, 0);
    const again = await cli('apply', '-f', 'all.yaml');
    assert.equal(again.stdout.match(/nothing changes/g)?.length, 3);
    assert.deepEqual((await json('apply', '-f', 'all.yaml')).map((one: { changed?: boolean; changes?: unknown[] }) => one.changed ?? one.changes?.length), [false, false, 0]);
    await writeFile(join(directory.path, 'wrong.yaml'), 'kind: Service\nname: calc\ndeployment: []\n');
    await fails(2, /unknown key "deployment"; did you mean deployments\?/, 'apply', '-f', 'wrong.yaml');
    await writeFile(join(directory.path, 'wrong.yaml'), 'kind: Service\nname: calc\ndeployments: [{ version: "scaler:v1", replica: 2 }]\n');
    await fails(2, /^error: wrong\.yaml: .*unknown key "replica": did you mean "replicas"\?/, 'apply', '-f', 'wrong.yaml');
    await writeFile(join(directory.path, 'wrong.yaml'), 'kind: Repository\nname: scaler\n---\nkind: Service\nname: calc\ndeployments: [{ version: "scaler:v1" }]\ntraffic: { weights: { v1: 50 } }\n');
    await fails(2, /^error: wrong\.yaml, document 2: .*sum to 50/, 'apply', '-f', 'wrong.yaml');
    await writeFile(join(directory.path, 'wrong.yaml'), 'kind: Service\nname: *nowhere\n');
    await fails(2, /^error: wrong\.yaml: .*nowhere/, 'apply', '-f', 'wrong.yaml');
  });
});

describe('events and maintenance', () => {
  it('lists and follows events', async () => {
    assert.ok((await json('events', '--service', 'calc')).length > 3);
    const { child, output } = startProcess(['events', '-f', '--repository', 'followed', '--json'], surroundings());
    await until('the event', async () => {
      await cli('create-repository', 'followed', '--if-not-exists');
      return output.stdout.includes('\n');
    });
    child.kill('SIGTERM');
    await once(child, 'close');
    assert.equal(JSON.parse(output.stdout.split('\n')[0] ?? '').repository, 'followed');
  });

  it('collects, checks and imports', async () => {
    assert.match((await cli('gc', '--dry-run')).stdout, /would remove/);
    assert.match((await cli('fsck')).stdout, /all as they were stored/);
    await writeModelDirectory(join(directory.path, 'models', 'triton', '1'), scaleModel(4));
    await writeFile(join(directory.path, 'models', 'triton', 'config.pbtxt'), 'optimization { priority: PRIORITY_MAX }');
    assert.match((await cli('import', 'models', '--no-deploy')).stdout, /triton +1 +created/);
    await writeModelDirectory(join(directory.path, 'models', 'broken', '1'), Buffer.from('no model'));
    await fails(4, /problem: broken:1: .*\nwarning: triton: config\.pbtxt: optimization has no meaning.*\nerror: 1 problem above; what is not named there was imported\n$/, 'import', 'models', '--no-deploy');
    assert.match((await cli('delete', 'triton', '--all-versions')).stdout, /deleted/);
  });
});

describe('failures', () => {
  it('have exit codes, messages on stderr and hints', async () => {
    await fails(2, /unknown command 'statsu'[^]*Did you mean status/, 'statsu');
    await fails(2, /missing required argument/, 'push');
    await fails(2, /is not a version reference/, 'deploy', 'scaler');
    await fails(2, /no weight/, 'traffic', 'calc', 'v1:90');
    await fails(2, /one of them/, 'traffic', 'calc', 'v1=100', '--no-sticky', '--sticky-header', 'x');
    await fails(2, /give the weights too/, 'traffic', 'calc', '--no-sticky');
    await fails(2, /whole repository/, 'delete', 'scaler');
    await fails(3, /nope[^]*hint: lepton-ai services/, 'status', 'nope');
    await fails(3, /nope/, 'push', 'nope:v1', 'times-2', '--no-create');
    await fails(3, /has a log/, 'logs', 'nope');
    await fails(2, /duration such as 10m/, 'logs', 'calc', '--since', 'soon');
    await fails(2, /contradict/, 'logs', 'calc:v1', '--version', 'v2');
    await fails(4, /used by|uses/, 'delete', 'scaler:v1');
    await fails(4, /v1 exists/, 'push', 'scaler:v1', 'times-3');
    await fails(5, /no answer from http:\/\/127\.0\.0\.1:9[^]*hint: /, 'status', '--url', 'http://127.0.0.1:9');
    await fails(2, /--url: "garbage" is not a URL/, 'status', '--url', 'garbage');
    await fails(2, /x\[0\]\[1\] is null, not a number/, 'infer', 'calc', '--input', 'x=[[1,null,3,4]]');
    await fails(6, /not serving after 0 s|not looked/, 'schedule', 'calc', 'v1', '--replicas', '2', '--timeout', '0');
  });

  it('are JSON on stderr with --json, and stdout stays empty', async () => {
    const result = await cli('status', 'nope', '--json');
    assert.deepEqual([result.stdout, JSON.parse(result.stderr).code], ['', 'SERVICE_NOT_FOUND']);
  });

  it('of serve name the setting', async () => {
    await fails(2, /--http: "nonsense" is not an address/, 'serve', '--http', 'nonsense');
    await fails(2, /unknown option '--data-dri'[^]*--data-dir/, 'serve', '--data-dri', 'x');
  });
});

describe('help and completion', () => {
  it('has examples for every command', () => {
    for (const command of buildProgram(() => undefined).commands.filter((one) => !['complete', 'version'].includes(one.name()))) {
      let text = '';
      command.configureOutput({ writeOut: (chunk) => (text += chunk) });
      command.outputHelp();
      assert.match(text, /Examples:\n {2}\$ lepton-ai /, command.name());
      assert.ok(command.description().length > 10, command.name());
    }
  });

  it('lists commands, options and the server’s names', async () => {
    assert.equal((await cli('complete', '--', 'dep')).stdout, 'deploy\n');
    assert.match((await cli('complete', '--', 'deploy', 'scaler:')).stdout, /^scaler:v1\nscaler:v2\n$/);
    assert.equal((await cli('complete', '--', 'status', '')).stdout, 'calc\n');
    assert.match((await cli('complete', '--', 'deploy', '--ser')).stdout, /^--service$/m);
    assert.match((await cli('complete', '--', 'label', '')).stdout, /^set\nlist\ndelete$/m);
    for (const shell of ['bash', 'zsh', 'fish']) assert.match((await cli('completion', shell)).stdout, /complete --|complete -c/);
  });

  it('the launcher is POSIX sh', () => {
    assert.match(readFileSync(new URL('../../bin/lepton-ai', import.meta.url), 'utf8'), /^#!\/bin\/sh\n/);
  });
});
