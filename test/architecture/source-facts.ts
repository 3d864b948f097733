import ts from 'typescript';

/** What the checker needs to know of one file. */
export interface SourceFacts {
  /** Path under src/, with `/`. */
  readonly path: string;
  readonly lines: number;
  readonly imports: readonly ImportFact[];
  /** `process.env`, `process.exit`, `Date.now` … and new Date() as `new Date`, each with its line. */
  readonly expressions: readonly { readonly text: string; readonly line: number }[];
}

export interface ImportFact {
  /** As written: `./x.ts`, `node:fs`, `pino`. */
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Reads a file's imports (static, dynamic, re-exports, import types) and telling expressions with TypeScript's parser. */
export function readSource(path: string, text: string): SourceFacts {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const imports: ImportFact[] = [];
  const expressions: { text: string; line: number }[] = [];
  const line = (node: ts.Node): number => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
  const visit = (node: ts.Node): void => {
    const found = importOf(node);
    if (found) imports.push({ ...found, line: line(node) });
    const text = expressionOf(node);
    if (text) expressions.push({ text, line: line(node) });
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { path, lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0), imports, expressions };
}

function importOf(node: ts.Node): Omit<ImportFact, 'line'> | undefined {
  if (ts.isImportDeclaration(node)) return { specifier: textOf(node.moduleSpecifier), typeOnly: importsTypesOnly(node.importClause) };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return { specifier: textOf(node.moduleSpecifier), typeOnly: node.isTypeOnly };
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return { specifier: textOf(node.argument.literal), typeOnly: true };
  const [argument] = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword ? node.arguments : [];
  return argument ? { specifier: textOf(argument), typeOnly: false } : undefined;
}

function importsTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (!clause) return false;
  if (clause.isTypeOnly) return true;
  const names = clause.namedBindings;
  return !clause.name && !!names && ts.isNamedImports(names) && names.elements.length > 0 && names.elements.every((element) => element.isTypeOnly);
}

const textOf = (node: ts.Node): string => (ts.isStringLiteralLike(node) ? node.text : `<computed: ${node.getText()}>`);

function expressionOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) return `${node.expression.text}.${node.name.text}`;
  if (ts.isElementAccessExpression(node) && ts.isIdentifier(node.expression) && ts.isStringLiteralLike(node.argumentExpression)) return `${node.expression.text}.${node.argumentExpression.text}`;
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) return node.expression.text;
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && !node.arguments?.length) return `new ${node.expression.text}`;
  return undefined;
}
