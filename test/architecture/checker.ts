import { posix } from 'node:path';
import { ENVIRONMENT_READERS, EXITERS, FILE_LINES_MAX, IMPURE_EXPRESSIONS, NESTED_IN, OPEN_FILES, type Part, PARTS, PURE_MODULES } from './rules.ts';
import type { ImportFact, SourceFacts } from './source-facts.ts';

/** Every breach of the rules in these files, one sentence each; empty when all is well. */
export function violations(files: readonly SourceFacts[]): readonly string[] {
  return [...files.flatMap(fileViolations), ...cycles(files)];
}

function fileViolations(file: SourceFacts): readonly string[] {
  const found = file.lines > FILE_LINES_MAX ? [`${file.path}: ${file.lines} lines, at most ${FILE_LINES_MAX}`] : [];
  if (isTest(file.path)) return found;
  const part = partOf(file.path);
  if (!part) return [...found, `${file.path}: no part of test/architecture/rules.ts holds it`];
  return [...found, ...file.imports.flatMap((fact) => importViolation(file, part, fact)), ...expressionViolations(file, part)];
}

function importViolation(file: SourceFacts, part: Part, fact: ImportFact): readonly string[] {
  const where = `${file.path}:${fact.line}`;
  const target = resolve(file.path, fact.specifier);
  if (target === undefined) return part.pure && fact.specifier.startsWith('node:') && !PURE_MODULES.has(fact.specifier) ? [`${where}: pure part ${part.path} imports ${fact.specifier}`] : [];
  if (target === '/package.json') return [];
  const other = partOf(target);
  if (other === part && sameFolder(part, file.path, target)) return [];
  const name = other?.path ?? target;
  if (!mayImport(part, name, fact.typeOnly)) return [`${where}: ${part.path} must not import ${fact.typeOnly ? 'types of ' : ''}${name} (${fact.specifier})`];
  if (other && !throughIndex(part, other, target)) return [`${where}: import ${name} through its index.ts, not ${target}`];
  return [];
}

function mayImport(part: Part, name: string, typeOnly: boolean): boolean {
  const allowed = [...part.imports, ...(typeOnly ? (part.types ?? []) : [])];
  if (allowed.some((entry) => entry === name || (entry.startsWith('/') && name.startsWith(entry)))) return true;
  // A part may use the folders that lie in it, whatever rules these have for themselves.
  return NESTED_IN[name] === part.path;
}

function throughIndex(part: Part, other: Part, target: string): boolean {
  if (other.open || target.endsWith('/index.ts') || !other.path.includes('/') && other.path.endsWith('.ts') || Object.hasOwn(OPEN_FILES, target)) return true;
  const root = (path: string): string => NESTED_IN[path] ?? path;
  return root(part.path) === root(other.path);
}

/** Whether two files of one part may know each other: always, but for parts with a `*`, where each folder is apart. */
function sameFolder(part: Part, from: string, to: string): boolean {
  if (!part.path.includes('*')) return true;
  const depth = part.path.split('/').length;
  return from.split('/').slice(0, depth).join('/') === to.split('/').slice(0, depth).join('/');
}

function expressionViolations(file: SourceFacts, part: Part): readonly string[] {
  const may = (list: readonly string[]): boolean => list.some((entry) => file.path === entry || (entry.endsWith('/') && file.path.startsWith(entry)));
  return file.expressions.flatMap(({ text, line }) => {
    if (text === 'process.env' && !may(ENVIRONMENT_READERS)) return [`${file.path}:${line}: process.env is read only in ${ENVIRONMENT_READERS.join(', ')}`];
    if (text === 'process.exit' && !may(EXITERS)) return [`${file.path}:${line}: process.exit is called only in ${EXITERS.join(', ')}`];
    if (part.pure && (IMPURE_EXPRESSIONS.includes(text) || text === 'new Date')) return [`${file.path}:${line}: pure part ${part.path} uses ${text}`];
    return [];
  });
}

/** Cycles between parts; a folder nested in another counts as that other, and tests do not count. */
function cycles(files: readonly SourceFacts[]): readonly string[] {
  const edges = new Map<string, Map<string, string>>();
  const nodeOf = (path: string): string | undefined => {
    const part = partOf(path);
    return part && (NESTED_IN[part.path] ?? part.path);
  };
  for (const file of files.filter(({ path }) => !isTest(path))) {
    for (const fact of file.imports) {
      const target = resolve(file.path, fact.specifier);
      const [from, to] = [nodeOf(file.path), target === undefined ? undefined : nodeOf(target)];
      if (!from || !to || from === to) continue;
      const targets = edges.get(from) ?? new Map<string, string>();
      edges.set(from, targets.set(to, `${file.path}:${fact.line}`));
    }
  }
  return [...findCycles(edges)];
}

function findCycles(edges: ReadonlyMap<string, ReadonlyMap<string, string>>): Set<string> {
  const found = new Set<string>();
  const walk = (node: string, path: readonly string[]): void => {
    const seen = path.indexOf(node);
    if (seen >= 0) {
      const ring = path.slice(seen);
      const start = ring.indexOf([...ring].sort()[0] as string);
      const ordered = [...ring.slice(start), ...ring.slice(0, start)];
      found.add(`cycle: ${[...ordered, ordered[0]].join(' → ')} (${ordered.map((name, index) => edges.get(name)?.get(ordered[(index + 1) % ordered.length] as string)).join(', ')})`);
      return;
    }
    for (const next of edges.get(node)?.keys() ?? []) walk(next, [...path, node]);
  };
  for (const node of edges.keys()) walk(node, []);
  return found;
}

const isTest = (path: string): boolean => path.endsWith('.test.ts');

/** Path under src/ (or `/…` for what lies outside src/) that a relative import means; undefined for packages. */
function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  const joined = posix.join(posix.dirname(`src/${from}`), specifier);
  return joined.startsWith('src/') ? joined.slice('src/'.length) : `/${joined}`;
}

/** The part with the longest path that holds a file. */
export function partOf(file: string): Part | undefined {
  const folders = file.split('/');
  const matches = (path: string): boolean => path === file || path.split('/').every((name, index) => name === folders[index] || (name === '*' && index < folders.length - 1));
  return PARTS.filter(({ path }) => matches(path)).sort((a, b) => b.path.length - a.path.length)[0];
}
