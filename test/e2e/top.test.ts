import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { LEPTON, lepton, Load, scaleRequest, TestPlatform, until } from './harness.ts';

const ALTERNATE_ON = '\u001b[?1049h';
const ALTERNATE_OFF = '\u001b[?25h\u001b[?1049l';
/** Gives a program a terminal (util-linux). */
const skip = spawnSync('script', ['--version']).error ? 'there is no `script`, which gives a program a terminal' : false;

describe('lepton-ai top', () => {
  let platform: TestPlatform;
  let load: Load;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', { deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }], traffic: { weights: { v1: 75, v2: 25 } } });
    load = new Load({ clients: 2, url: `${platform.url}/v2/models/scale/infer`, body: () => scaleRequest(), pauseMs: 5 });
  });
  after(async () => {
    await load?.stop();
    await platform.dispose();
  });

  it('gives one table where there is no terminal, and rows as JSON', async () => {
    const rows = await until('rates are known', async () => {
      const found = JSON.parse((await lepton(platform, 'top', '--json')).stdout) as { version: string; request_rate: number | null; cpu: number | null; memory: number | null; traffic_share: number | null }[];
      return found.length === 2 && found.every(({ request_rate, cpu, memory }) => (request_rate ?? 0) > 0 && cpu !== null && (memory ?? 0) > 0) && found;
    });
    assert.equal(rows[0]?.version, 'v1', 'the one with most requests comes first');
    const { code, stdout } = await lepton(platform, 'top', '--service', 'scale');
    assert.equal(code, 0);
    assert.match(stdout, /^SERVICE +VERSION +PHASE[^\n]*\nscale +v1 +ready/);
    assert.equal((await lepton(platform, 'top', '--service', 'nobody')).code, 3);
    assert.equal((await lepton(platform, 'top', '--sort', 'colour')).code, 2);
  });

  for (const [name, end] of [['q', (terminal: Terminal) => terminal.type('q')], ['Ctrl-C', (terminal: Terminal) => terminal.type('\u0003')]] as const) {
    it(`draws in a terminal until ${name}, and leaves it as it was`, { skip }, async () => {
      const terminal = new Terminal(platform);
      await until('it has drawn twice', () => terminal.output.split('requests/s').length > 2);
      terminal.type('m');
      await until('it is sorted by memory', () => terminal.output.includes('[memory]'));
      end(terminal);
      assert.equal(await terminal.ended, 0);
      assert.ok(terminal.output.includes(ALTERNATE_ON) && terminal.output.trimEnd().includes(ALTERNATE_OFF));
      assert.match(terminal.output, /scale +v1/);
    });
  }
});

class Terminal {
  output = '';
  readonly ended: Promise<number | null>;
  readonly type: (keys: string) => void;

  constructor(platform: TestPlatform) {
    const child = spawn('script', ['-qec', `stty cols 100 rows 20; exec ${LEPTON} top`, '/dev/null'], { cwd: platform.directory, env: { ...platform.environment, TERM: 'xterm' }, stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = once(child, 'close').then(([code]) => code as number | null);
    this.type = (keys) => void child.stdin.write(keys);
  }
}
