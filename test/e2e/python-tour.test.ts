import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertInBothLanguages, type Block, DocumentShell, readBlocks } from './support/document.ts';

describe('the README’s Python tour and the guide, on a machine with Python alone', () => {
  const tour = readBlocks('README.md', 'From Python');
  let shell: DocumentShell;
  before(async () => {
    shell = await DocumentShell.open({ http: '8080', grpc: '8081', python: true });
  });
  after(async () => {
    await shell.outputOf('lepton-ai stop').finally(() => shell.close());
  });

  const outputs = new Map<string, string>();
  function runs({ commands, script }: Block): void {
    if (script) it(`has a part of ${script.file}`, () => shell.write(script));
    for (const command of commands) {
      it(`runs: ${command}`, async () => {
        const output = await shell.outputOf(command);
        if (!/^(\.|python3 -m venv|pip install) /.test(command)) assert.notEqual(output.trim(), '', 'says something');
        outputs.set(command, output);
      });
    }
  }

  it('is in the README, in both languages the same', () => {
    assert.ok(tour.length >= 5);
    assertInBothLanguages([...tour, ...readBlocks('README.md', 'PyTorch: the whole example')]);
  });

  for (const block of tour) runs(block);

  it('has shown what it says', () => {
    assert.match(outputs.get('lepton-ai create-repository iris') ?? '', /started the local platform at http/);
    assert.match(outputs.get('python iris.py') ?? '', /saved: sklearn.*\n[\s\S]*saved: python[\s\S]*VERSION +PHASE/);
    assert.match(outputs.get('python ask.py') ?? '', /^\[0\] by (v1|rules)$/m);
    assert.match(outputs.get('python ask.py') ?? '', /^\[0\] by rules$/m);
    assert.match([...outputs].find(([command]) => command.startsWith('curl'))?.[1] ?? '', /"name":"label"[^}]*"data":\[0\]/);
    assert.match(outputs.get('lepton-ai feedback --service flowers') ?? '', /v1|rules/);
    assert.match(outputs.get('lepton-ai stop') ?? '', /has stopped/);
  });

  describe('docs/guides/python.md', () => {
    const guide = readBlocks('docs/guides/python.md');
    for (const block of guide) runs(block);

    for (const again of [false, true]) {
      it(again ? 'runs a second time, which changes nothing' : 'runs as one script', async () => {
        assert.ok(guide.length >= 4);
        const output = await shell.outputOf('python guide.py');
        assert.equal(output.includes('limits:v1 exists already, unchanged'), again, output);
        assert.match(output, /VERSION {2}PHASE/);
      });
    }
  });
});
