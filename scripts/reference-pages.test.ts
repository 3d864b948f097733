import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { protocolFiles } from './generate.ts';
import { referencePages } from './reference-pages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('documentation', () => {
  for (const [file, text] of referencePages()) {
    it(`docs/reference/${file} says what the code does`, () => {
      assert.equal(readFileSync(join(ROOT, 'docs/reference', file), 'utf8'), text, 'run: node_modules/.bin/node scripts/generate.ts');
    });
  }

  for (const [file, text] of protocolFiles()) {
    it(`protocol/${file} says what the server speaks`, () => {
      assert.equal(readFileSync(join(ROOT, 'protocol', file), 'utf8'), text, 'run: node_modules/.bin/node scripts/generate.ts');
    });
  }

  it('has no link to a file that is not there', () => {
    const pages = ['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', ...globSync('docs/**/*.md', { cwd: ROOT }), ...globSync('examples/*/README.md', { cwd: ROOT })];
    const broken = pages.flatMap((page) => {
      const links = [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1] as string);
      return links.filter((link) => !/^[a-z]+:/.test(link) && !existsSync(join(ROOT, dirname(page), link))).map((link) => `${page}: ${link}`);
    });
    assert.deepEqual(broken, []);
  });
});
