import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { en, type MessageKey } from './en.ts';
import { zh } from './zh.ts';

const folder = join(import.meta.dirname, '..');
const sources = globSync('**/*.{ts,tsx}', { cwd: folder, exclude: (name) => name.endsWith('.test.ts') }).filter((path) => !path.startsWith('i18n/')).map((path) => ({ path, text: readFileSync(join(folder, path), 'utf8') }));
const keys = Object.keys(en) as MessageKey[];
const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

/** Texts that are the same in every language: names of measures and programs. */
const UNIVERSAL = /^(?:p\d+|CPU|curl|CSV|JSON|gRPC|HTTP|ID)$/;

describe('the catalogues', () => {
  it('have the same keys', () => {
    assert.deepEqual(Object.keys(zh).sort(), [...keys].sort());
  });

  it('say something in their own language, with the same placeholders', () => {
    for (const key of keys) {
      assert.ok(en[key].trim() && zh[key].trim(), key);
      assert.deepEqual(placeholders(zh[key]), placeholders(en[key]), key);
      assert.doesNotMatch(en[key], /\p{Script=Han}/u, key);
      if (!UNIVERSAL.test(en[key])) assert.match(zh[key], /\p{Script=Han}/u, `${key} is not translated`);
    }
  });

  it('hold nothing that no page says', () => {
    const all = sources.map(({ text }) => text).join('\n');
    // `t(\`phase.${phase}\`)` says every key that begins so.
    const prefixes = [...all.matchAll(/`([\w.]+\.)\$\{/g)].map(([, prefix]) => prefix as string);
    assert.deepEqual(keys.filter((key) => !all.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix))), []);
  });
});

describe('the pages', () => {
  it('have no text of their own', () => {
    const found = sources.filter(({ path }) => path.endsWith('.tsx')).flatMap(({ path, text }) => literalTexts(path, text));
    assert.deepEqual(found, []);
  });

  it('never make markup of text', () => {
    for (const { path, text } of sources) assert.doesNotMatch(text, /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySet|document\.write/, path);
  });
});

const SPOKEN_ATTRIBUTES = new Set(['aria-label', 'title', 'placeholder', 'alt', 'label', 'text', 'name']);
const isWords = (text: string): boolean => /\p{L}{2,}/u.test(text) && !/^(?:Lepton AI|lepton-ai [a-z -]+|\/[\w/.]+|[a-z-]+)$/.test(text.trim());

/** Words between tags and in attributes that are read out. */
function literalTexts(path: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node) && isWords(node.text)) found.push(`${path}: ${node.text.trim()}`);
    if (ts.isJsxAttribute(node) && SPOKEN_ATTRIBUTES.has(node.name.getText()) && node.initializer && ts.isStringLiteral(node.initializer) && isWords(node.initializer.text)) found.push(`${path}: ${node.initializer.text}`);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX));
  return found;
}
