import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type EnvironmentSpec, environmentDigest, type EventInput, LeptonError } from '../../../../core/index.ts';
import { runs } from '../../../../testing/platform-harness.ts';
import { until } from '../../../../testing/until.ts';
import { readStartTime } from '../../../process-table.ts';
import { Environments } from './environments.ts';
import type { Waiter } from './shared-build.ts';

/**
 * A Python in name: knows how to be asked, to make an environment (a copy of itself) and to install by writing names down.
 * `slow` waits, `absent` is what pip says of a distribution that no index has, `half` installs nothing.
 */
const STAND_IN = `#!/bin/sh
home=$(cd "$(dirname "$0")" && pwd)
case "$1 $2" in
  "-c "*)
    [ -e "$home/broken" ] && { echo "it is broken" >&2; exit 1; }
    if [ -z "$3" ]; then echo '{"python": "3.11", "venv": true}'; exit 0; fi
    missing=""
    for pin in $(echo "$3" | sed 's/.*\\[//; s/\\].*//; s/[",]/ /g'); do
      grep -qx "$pin" "$home/installed" 2>/dev/null || missing="$pin is not installed"
    done
    if [ -n "$missing" ]; then missing="\\"$missing\\""; fi
    echo "{\\"missing\\": [$missing], \\"places\\": [\\"$home\\"], \\"userBase\\": \\"\\"}" ;;
  "-m venv")
    mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; echo made >> "@LOG@" ;;
  "-m pip")
    for last in "$@"; do :; done
    env | grep -E '^(PIP_|SECRET)' | sort > "$home/environment"
    while read -r pin; do
      echo "Collecting $pin"
      case "$pin" in
        slow*) sleep 30 & echo $! > "@LOG@.pid"; wait ;;
        absent*) echo "ERROR: Could not find a version that satisfies the requirement $pin" >&2; exit 1 ;;
        half*) ;;
        *) echo "$pin" >> "$home/installed" ;;
      esac
    done < "$last"; sleep 0.1 ;;
esac
`;

const spec = (...requirements: string[]): EnvironmentSpec => ({ python: '3.11', requirements });

describe('environments', () => {
  const path = process.env['PATH'];
  let root: string;
  let events: EventInput[];
  let environments: Environments;
  const open = (options: { buildTimeoutMs?: number; buildsMax?: number } = {}): Environments => new Environments({ directory: join(root, 'environments'), events: { record: (event) => void events.push(event) }, buildTimeoutMs: 20_000, buildsMax: 1, ...options });
  const builds = async (): Promise<number> => (await readFile(join(root, 'log'), 'utf8').catch(() => '')).split('\n').length - 1;
  const waiter = (signal: AbortSignal = new AbortController().signal): Waiter & { messages: string[]; text: () => string } => {
    const messages: string[] = [];
    let text = '';
    return { messages, signal, progress: (message) => void messages.push(message), output: (part) => (text += part), text: () => text };
  };
  async function python(directory: string, name = 'python3.11'): Promise<string> {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, name), STAND_IN.replaceAll('@LOG@', join(root, 'log')), { mode: 0o755 });
    return join(directory, name);
  }
  const refused = (reason: RegExp) => (error: unknown) => error instanceof LeptonError && reason.test(error.message);

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'lepton-environments-'));
    await python(join(root, 'bin'));
    process.env['PATH'] = `${join(root, 'bin')}:/usr/bin:/bin`;
    process.env['PIP_INDEX_URL'] = 'http://mirror.test/simple';
    process.env['SECRET_TOKEN'] = 'hidden';
    process.env['PIP_TARGET'] = join(root, 'elsewhere');
    events = [];
    environments = open();
  });
  afterEach(async () => {
    process.env['PATH'] = path;
    delete process.env['PIP_INDEX_URL'];
    delete process.env['SECRET_TOKEN'];
    delete process.env['PIP_TARGET'];
    await rm(root, { recursive: true, force: true });
  });

  it('are known by the golden digests', async () => {
    const { vectors } = JSON.parse(await readFile(new URL('../../../../../protocol/environments.json', import.meta.url), 'utf8')) as { vectors: (EnvironmentSpec & { platform: string; digest: string })[] };
    assert.ok(vectors.length >= 3);
    for (const { platform, digest, ...one } of vectors) assert.equal(environmentDigest(one, platform), digest);
  });

  it('are built once for all who agree, and found again', async () => {
    const [first, second] = [waiter(), waiter()];
    const found = await Promise.all([environments.interpreterFor(spec('a==1', 'b==2'), first), environments.interpreterFor(spec('a==1', 'b==2'), second)]);
    assert.equal(found[0].interpreter, found[1].interpreter);
    assert.deepEqual(found[0], await open().interpreterFor(spec('a==1', 'b==2'), waiter()));
    assert.equal(await builds(), 1);
    for (const one of [first, second]) {
      assert.ok(one.messages.some((message) => /Collecting a==1/.test(message)) || /Collecting a==1/.test(one.text()), one.text());
      assert.match(one.text(), /pip install .*Collecting numpy/s, 'numpy comes along for the worker');
    }
    assert.deepEqual(events.map(({ reason }) => reason), ['EnvironmentBuilt']);
    const [listed] = await environments.list([{ spec: spec('a==1', 'b==2'), versions: ['m:v1', 'm:v2'] }]);
    assert.deepEqual([listed?.state, listed?.versions, listed?.requirements], ['built', ['m:v1', 'm:v2'], ['a==1', 'b==2']]);
  });

  it('give pip what leads to its index, and no secret', async () => {
    const { interpreter } = await environments.interpreterFor(spec('a==1'), waiter());
    const given = await readFile(join(interpreter, '../environment'), 'utf8');
    assert.match(given, /^PIP_INDEX_URL=http:\/\/mirror\.test\/simple$/m);
    assert.doesNotMatch(given, /SECRET|PIP_TARGET/);
  });

  it('fail in the words of pip, leave nothing, and hold nobody up', async () => {
    const failing = environments.interpreterFor(spec('absent==1'), waiter());
    const other = environments.interpreterFor(spec('a==1'), waiter());
    await assert.rejects(failing, refused(/installing packages with pip failed \(exit code 1\): ERROR: Could not find a version that satisfies the requirement absent==1/));
    await other;
    const [failed] = (await environments.list([{ spec: spec('absent==1'), versions: ['m:v1'] }])).filter(({ state }) => state !== 'built');
    assert.deepEqual([failed?.state, /absent==1/.test(failed?.message ?? '')], ['failed', true]);
    assert.equal(readdirSync(join(root, 'environments')).length, 1, 'only the good one is there');
  });

  it('are refused when what was built is not what was asked for', async () => {
    await assert.rejects(environments.interpreterFor(spec('half==1'), waiter()), refused(/not what was asked for: half==1 is not installed/));
  });

  it('end with the last who waits, and with the time limit, with all processes', async () => {
    const controllers = [new AbortController(), new AbortController()];
    const waits = controllers.map(({ signal }) => environments.interpreterFor(spec('slow==1'), waiter(signal)));
    const pid = await until('pip runs', async () => Number(await readFile(join(root, 'log.pid'), 'utf8').catch(() => '0')) || null);
    controllers[0]?.abort(new Error('first leaves'));
    await assert.rejects(waits[0] as Promise<unknown>, /first leaves/);
    assert.ok(runs(pid), 'the other still waits');
    controllers[1]?.abort(new Error('second leaves'));
    await assert.rejects(waits[1] as Promise<unknown>, /second leaves/);
    await until('the processes have gone', () => !runs(pid));
    await until('nothing is left', () => readdirSync(join(root, 'environments')).length === 0);
    await assert.rejects(open({ buildTimeoutMs: 300 }).interpreterFor(spec('slow==1'), waiter()), refused(/took longer than 300 ms.*environmentBuildTimeoutMs/));
    await environments.interpreterFor(spec('a==1'), waiter());
  });

  it('never use what a killed control process left half done, and end what it had started', async () => {
    const digest = environments.digestOf(spec('a==1')).slice('sha256:'.length);
    await mkdir(join(root, 'environments', digest, 'bin'), { recursive: true });
    await writeFile(join(root, 'environments', digest, 'bin/installed'), 'half');
    const orphan = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    await writeFile(join(root, 'environments', `${digest}.lock`), JSON.stringify({ pid: orphan.pid, pidStartTime: readStartTime(orphan.pid as number) }));
    // The same number in other hands must live.
    const bystander = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    await writeFile(join(root, 'environments', `${'0'.repeat(64)}.lock`), JSON.stringify({ pid: bystander.pid, pidStartTime: 'another' }));
    try {
      await environments.recover();
      await until('the orphan has ended', () => orphan.signalCode === 'SIGKILL');
      assert.ok(runs(bystander.pid));
      assert.ok(!existsSync(join(root, 'environments', digest)));
      const { interpreter } = await environments.interpreterFor(spec('a==1'), waiter());
      assert.equal(await readFile(join(interpreter, '../installed'), 'utf8'), 'a==1\nnumpy\n');
    } finally {
      bystander.kill('SIGKILL');
      orphan.kill('SIGKILL');
    }
  });

  it('adopt a registered interpreter for as long as it has everything', async () => {
    const own = await python(join(root, 'own'), 'python');
    await writeFile(join(root, 'own/installed'), 'a==1\n');
    const digest = environments.digestOf(spec('a==1'));
    assert.deepEqual(await environments.register(digest, own, 'alice'), { digest, interpreter: own, python: '3.11' });
    assert.deepEqual(await environments.interpreterFor(spec('a==1'), waiter()), { interpreter: own, isolated: false, places: [join(root, 'own')], userBase: '' });
    assert.equal(await builds(), 0);
    await writeFile(join(root, 'own/installed'), 'a==2\n');
    const later = waiter();
    const { interpreter, isolated } = await environments.interpreterFor(spec('a==1'), later);
    assert.ok(isolated && interpreter !== own);
    assert.match(later.text(), /registered interpreter .*own\/python is not used: a==1 is not installed/);
    await assert.rejects(environments.register(digest, join(root, 'nothing'), 'alice'), (error) => error instanceof LeptonError && error.code === 'PRECONDITION_FAILED');
    await assert.rejects(environments.register(digest, '/bin/true', 'alice'), refused(/no Python that runs/));
    await assert.rejects(environments.register(digest, 'python3', 'alice'), (error) => error instanceof LeptonError && error.code === 'INVALID_ARGUMENT');
  });

  it('are built again when they do not run any more, or lack something', async () => {
    const { interpreter } = await environments.interpreterFor(spec('a==1'), waiter());
    await writeFile(join(interpreter, '../installed'), '');
    await environments.interpreterFor(spec('a==1'), waiter());
    assert.equal(await builds(), 2);
    await writeFile(join(interpreter, '../broken'), '');
    await environments.interpreterFor(spec('a==1'), waiter());
    assert.equal(await builds(), 3);
  });

  it('are made with uv where it is, and with pip where uv fails', async () => {
    const uv = (install: string): Promise<void> => writeFile(join(root, 'bin/uv'), `#!/bin/sh\necho "uv $1" >> "${join(root, 'uv')}"\nif [ $1 = venv ]; then for last in "$@"; do :; done; mkdir -p "$last/bin"; cp "${join(root, 'bin/python3.11')}" "$last/bin/python"; else ${install}; fi\n`, { mode: 0o755 });
    await uv('cat "$6" > "$(dirname "$4")/installed"');
    await environments.interpreterFor(spec('a==1'), waiter());
    assert.deepEqual([await readFile(join(root, 'uv'), 'utf8'), await builds()], ['uv venv\nuv pip\n', 0]);
    await uv('echo "error: no certificate" >&2; echo "  cause: unknown issuer" >&2; exit 2');
    const log = waiter();
    await environments.interpreterFor(spec('b==1'), log);
    assert.match(log.text(), /with uv failed \(exit code 2\): error: no certificate; cause: unknown issuer\ntrying the next way/);
    assert.equal(await builds(), 1);
    await assert.rejects(environments.interpreterFor(spec('absent==1'), waiter()), refused(/with pip failed .*absent==1/));
  });

  it('say what was looked for when there is no Python to build with', async () => {
    await assert.rejects(environments.interpreterFor({ python: '3.19', requirements: [] }, waiter()), refused(/no Python 3\.19 here .*; and for uv on the PATH, which is not there\. Install Python 3\.19 with venv, or uv/));
  });

  it('are built one at a time, in turn', async () => {
    const controller = new AbortController();
    const slow = environments.interpreterFor(spec('slow==1'), waiter(controller.signal));
    assert.equal(await until('the first builds', async () => (await builds()) || null), 1);
    const next = waiter();
    const second = environments.interpreterFor(spec('a==1'), next);
    await until('the second waits', () => next.messages.includes('waiting for other environments to be built'));
    assert.equal(await builds(), 1);
    controller.abort(new Error('not wanted'));
    await assert.rejects(slow, /not wanted/);
    await second;
  });

  it('go with gc when no version needs them and nobody has used them lately', async () => {
    await environments.interpreterFor(spec('a==1'), waiter());
    await environments.interpreterFor(spec('b==1'), waiter());
    const needed = [{ spec: spec('b==1'), versions: ['m:v1'] }];
    assert.equal((await environments.gc(needed)).removedEnvironments, 0, 'used within the hour');
    assert.equal((await environments.gc(needed, { graceMs: 0, dryRun: true })).removedEnvironments, 1);
    const { removedEnvironmentBytes, ...counts } = await environments.gc(needed, { graceMs: 0 });
    assert.deepEqual(counts, { removedEnvironments: 1, keptEnvironments: 1 });
    assert.ok(removedEnvironmentBytes > 0);
    assert.deepEqual((await environments.list(needed)).map(({ state }) => state), ['built']);
  });
});
