import assert from 'node:assert/strict';
import { existsSync, globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { frameworkEnvironment } from '../../scripts/tests/python-tests.ts';
import { ROOT } from '../e2e/harness.ts';
import { DocumentShell, readBlocks } from '../e2e/support/document.ts';

/** Where scripts/test-frameworks.ts has PyTorch: a fresh environment that sees it stands for `pip install torch`, which would fetch it again. */
const [FRAMEWORKS] = globSync('lib/python3.*/site-packages', { cwd: frameworkEnvironment(ROOT) });

describe('the README’s PyTorch example', () => {
  let shell: DocumentShell;
  before(async () => {
    assert.ok(FRAMEWORKS && existsSync(join(frameworkEnvironment(ROOT), FRAMEWORKS, 'torch')), 'make test-frameworks has installed torch');
    shell = await DocumentShell.open({ http: '8080', grpc: '8081', python: true });
    for (const command of ['make wheel', 'python3 -m venv lepton', '. lepton/bin/activate', 'pip install dist/lepton_ai-*.whl']) await shell.outputOf(command);
    const [packages] = globSync('lepton/lib/python3.*/site-packages', { cwd: shell.directory });
    assert.ok(packages);
    writeFileSync(join(shell.directory, packages, 'torch.pth'), join(frameworkEnvironment(ROOT), FRAMEWORKS));
    await shell.outputOf('lepton-ai create-repository my-model-repo');
  });
  after(async () => {
    await shell.outputOf('lepton-ai stop').finally(() => shell.close());
  });

  const outputs: string[] = [];
  for (const { script, commands } of readBlocks('README.md', 'PyTorch: the whole example')) {
    if (script) it(`is ${script.file}`, () => shell.write(script));
    for (const command of commands) {
      it(`runs: ${command}`, async () => {
        outputs.push(await shell.outputOf(command));
      });
    }
  }

  it('has saved and deployed both versions, and changed nothing the second time', () => {
    const [first = '', second = '', answer = ''] = outputs;
    for (const version of ['v1.0', 'v1.1']) {
      assert.match(first, new RegExp(`my-model-repo:${version} saved: torchscript`));
      assert.match(second, new RegExp(`my-model-repo:${version} exists already, unchanged .*nothing sent`));
    }
    for (const output of [first, second]) {
      assert.match(output, /VERSION +PHASE +PRIORITY +TRAFFIC +REPLICAS +MEMORY\nv1\.1 +ready +2 +100 % +1\/1 +[\d.]+ [MG]iB\n/);
      assert.match(output, /infer {5}http.*\nstatus {4}lepton-ai status my-service/);
    }
    assert.match(answer, /"model_version":"v1\.1".*"shape":\[1,4\],"data":\[1,2,3,4\]/);
  });

  it('is answered from Python as well', async () => {
    const lines = ['import numpy as np', 'from lepton_ai import Client', 'x = np.arange(4, dtype=np.float32).reshape(1, 4)', 'with Client() as client:', '    print(client.infer("my-service", {"x": x})["output"].tolist())'];
    shell.write({ file: 'ask.py', text: `${lines.join('\n')}\n` });
    assert.match(await shell.outputOf('python ask.py'), /\[\[0\.0, 1\.0, 2\.0, 3\.0\]\]/);
  });
});
