import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { violations } from './checker.ts';
import { readSource } from './source-facts.ts';

const src = join(import.meta.dirname, '../../src');

describe('the architecture', () => {
  it('holds in every file of src/', () => {
    const files = globSync('**/*.{ts,tsx}', { cwd: src }).map((path) => readSource(path.replaceAll('\\', '/'), readFileSync(join(src, path), 'utf8')));
    assert.ok(files.length > 20, 'found the sources');
    assert.deepEqual(violations(files), []);
  });
});

describe('the checker', () => {
  /** What is wrong with a file that holds this text. */
  const wrong = (path: string, text: string, ...others: [string, string][]): readonly string[] => violations([readSource(path, text), ...others.map(([name, content]) => readSource(name, content))]);

  const CASES: readonly [name: string, path: string, text: string, expected: RegExp | null][] = [
    ['an allowed import', 'worker/main.ts', "import { x } from '../core/index.ts';", null],
    ['an import within a part', 'worker/main.ts', "import { x } from './onnx/model.ts';", null],
    ['a package', 'gateway/main.ts', "import pino from 'pino'; import { x } from 'node:fs';", null],
    ['core importing anything', 'core/tensor.ts', "import { x } from '../wire/index.ts';", /core must not import wire/],
    ['the inference API importing the engine', 'api/inference/x.ts', "import { x } from '../../deployment-engine/index.ts';", /api\/inference must not import deployment-engine/],
    ['… even by a dynamic import', 'api/inference/x.ts', "await import('../../deployment-engine/index.ts');", /must not import/],
    ['… even its types', 'api/inference/x.ts', "import type { X } from '../../deployment-engine/index.ts';", /must not import types of deployment-engine/],
    ['… even in a type', 'api/inference/x.ts', "type X = import('../../deployment-engine/index.ts').X;", /must not import types/],
    ['… even by a re-export', 'api/inference/x.ts', "export * from '../../deployment-engine/index.ts';", /must not import/],
    ['types where types are allowed', 'api/management/x.ts', "import type { X } from '../../deployment-engine/index.ts';", null],
    ['values where types are allowed', 'api/management/x.ts', "import { X } from '../../deployment-engine/index.ts';", /must not import deployment-engine/],
    ['inline types where types are allowed', 'api/management/x.ts', "import { type X } from '../../deployment-engine/index.ts';", null],
    ['the repository importing the engine', 'model-repository/x.ts', "import { x } from '../deployment-engine/index.ts';", /must not import/],
    ['a file behind the index', 'gateway/x.ts', "import { x } from '../wire/frame.ts';", /through its index\.ts/],
    ['a target importing another', 'deployment-engine/targets/local/x.ts', "import { x } from '../docker/y.ts';", /must not import/],
    ['a target importing itself', 'deployment-engine/targets/local/x.ts', "import { x } from './y.ts';", null],
    ['a target importing a runtime', 'deployment-engine/targets/local/x.ts', "import { x } from '../../runtimes/onnx/y.ts';", /must not import/],
    ['a runtime importing a target', 'deployment-engine/runtimes/onnx/x.ts', "import { x } from '../../targets/index.ts';", /must not import/],
    ['the engine importing its plan', 'deployment-engine/reconciler.ts', "import { plan } from './plan/plan.ts';", null],
    ['a pure part with I/O', 'deployment-engine/plan/x.ts', "import { x } from 'node:fs';", /pure part/],
    ['a pure part with a clock', 'api/inference/traffic/x.ts', 'const x = Date.now();', /uses Date\.now/],
    ['a pure part with chance', 'api/inference/batching/x.ts', 'const x = Math.random();', /uses Math\.random/],
    ['a pure part with a date', 'deployment-engine/plan/x.ts', 'const x = new Date();', /uses new Date/],
    ['the environment outside config', 'gateway/main.ts', "const x = process.env['X'];", /process\.env/],
    ['the environment by brackets', 'gateway/main.ts', "const x = process['env'].X;", /process\.env/],
    ['the environment in config', 'config/x.ts', 'const x = process.env.X;', null],
    ['an exit in the engine', 'deployment-engine/x.ts', 'process.exit(1);', /process\.exit/],
    ['an exit in a program', 'worker/main.ts', 'process.exit(1);', null],
    ['a long file', 'core/x.ts', '\n'.repeat(401), /401 lines/],
    ['a folder that nobody planned', 'helpers/x.ts', '', /no part/],
    ['a test may do what it needs', 'api/inference/x.test.ts', "import { x } from '../../deployment-engine/plan/y.ts'; process.env.X;", null],
  ];
  for (const [name, path, text, expected] of CASES) {
    it(`${expected ? 'finds' : 'allows'} ${name}`, () => {
      const found = wrong(path, text);
      if (expected) assert.match(found.join('\n'), expected);
      else assert.deepEqual(found, []);
    });
  }

  it('finds a cycle between folders once, with its places', () => {
    const found = wrong('core/a.ts', "import { x } from '../wire/index.ts';", ['wire/index.ts', "import { x } from '../core/index.ts';"]);
    assert.equal(found.filter((line) => line.startsWith('cycle: core → wire → core')).length, 1, found.join('\n'));
  });
});
