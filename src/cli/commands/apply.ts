import type { Command } from 'commander';
import { parseAllDocuments } from 'yaml';
import { type ChangeResult, LeptonApiError, type ServiceInput } from '../../../clients/typescript/src/index.ts';
import { nearest } from '../../core/index.ts';
import { action, type CliContext, collect, command } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { readTextOrInput } from '../files.ts';
import { awaitServing, type ChangeFlags, changeOptions, requestOptions, type SettledChange, showChanges, throwUnlessServing } from '../waiting.ts';
import { yamlContent } from '../yaml-file.ts';

interface RepositoryDocument {
  readonly kind: 'Repository';
  readonly name: string;
  readonly description?: string;
}
interface LabelDocument {
  readonly kind: 'Label';
  readonly repository: string;
  readonly name: string;
  readonly version: string;
}
type ServiceDocument = ServiceInput & { readonly kind: 'Service'; readonly name: string };
type Declaration = RepositoryDocument | LabelDocument | ServiceDocument;

/** Keys of each kind; a service's are the server's to check, beyond the first level too. */
const KEYS: Readonly<Record<Declaration['kind'], readonly string[]>> = {
  Repository: ['kind', 'name', 'description'],
  Label: ['kind', 'repository', 'name', 'version'],
  Service: ['kind', 'name', 'deployments', 'traffic', 'reason'],
};

export const applyCommand = (): Command =>
  changeOptions(
    command('apply', 'Make services, labels and repositories equal to a YAML file; the same again changes nothing.', ['apply -f services.yaml --dry-run', 'apply -f services.yaml', 'apply -f - < services.yaml']).requiredOption(
      '-f, --file <file>',
      'YAML, one or more documents of kind Service, Label or Repository; - is standard input; may be repeated',
      collect,
    ),
  ).action(
    action<ChangeFlags & { file: readonly string[] }>(async (context, _arguments, flags) => {
      const declarations = flags.file.flatMap(readDeclarations);
      const results: object[] = [];
      for (const { place, declaration } of declarations) results.push(await applyOne(context, declaration, flags).catch((error: unknown) => refusedAt(place, error)));
      const settled = flags.dryRun || !flags.wait ? results : await Promise.all(results.map((result) => ('changes' in result ? awaitServing(context, result as ChangeResult, flags) : result)));
      context.out.result(settled, () => undefined);
      for (const one of settled) if ('changes' in one) throwUnlessServing(one as SettledChange);
    }),
  );

/** What the server refuses, with the file and the document that it stands in. */
function refusedAt(place: string, error: unknown): never {
  if (!(error instanceof LeptonApiError) || error.status < 400 || error.status >= 500) throw error;
  const { code, status, details, retryAfterSeconds, requestId } = error;
  throw new LeptonApiError(`${place}: ${error.message}`, { code, status, details, retryAfterSeconds, requestId, cause: error });
}

async function applyOne(context: CliContext, declaration: Declaration, flags: ChangeFlags): Promise<object> {
  if (declaration.kind === 'Repository') return applyRepository(context, declaration, flags);
  if (declaration.kind === 'Label') return applyLabel(context, declaration, flags);
  const { kind: _kind, ...input } = declaration;
  const result = await context.client.apply(declaration.name, input, requestOptions(flags));
  if (!context.out.json) showChanges(context, result, flags.dryRun ?? false);
  return result;
}

async function applyRepository({ client, out }: CliContext, { name, description }: RepositoryDocument, flags: ChangeFlags): Promise<object> {
  const exists = await unlessNotFound(client.getRepository(name));
  if (!exists && !flags.dryRun) await client.createRepository(name, { ifNotExists: true, ...(description === undefined ? {} : { description }) });
  if (!out.json) out.line(exists ? `repository ${name}: nothing changes` : `repository ${name}: ${flags.dryRun ? 'would be created' : 'created'}`);
  return { repository: name, changed: !exists };
}

async function applyLabel({ client, out }: CliContext, { repository, name, version }: LabelDocument, flags: ChangeFlags): Promise<object> {
  const before = (await client.listLabels(repository)).find((label) => label.label === name)?.version ?? null;
  if (before !== version && !flags.dryRun) await client.moveLabel(repository, name, version, { expect: before });
  if (!out.json) out.line(before === version ? `label ${repository}:${name}: nothing changes` : `label ${repository}:${name}: ${before ?? 'none'} → ${version}`);
  return { repository, label: name, from: before, to: version, changed: before !== version };
}

async function unlessNotFound<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof LeptonApiError && error.status === 404) return undefined;
    throw error;
  }
}

interface PlacedDeclaration {
  /** The file, and the document where it has several. */
  readonly place: string;
  readonly declaration: Declaration;
}

/** Reads and checks the documents of a file; throws a usage error that names the document. */
export function readDeclarations(path: string): PlacedDeclaration[] {
  const documents = parseAllDocuments(readTextOrInput(path));
  if (!Array.isArray(documents) || documents.length === 0) throw new CliError(`${path} holds no document`, ExitCode.usage);
  return documents.map((document, index) => {
    const place = documents.length > 1 ? `${path}, document ${index + 1}` : path;
    return { place, declaration: checkDeclaration(yamlContent(document, place), place) };
  });
}

function checkDeclaration(value: unknown, place: string): Declaration {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CliError(`${place}: a document must hold keys and values`, ExitCode.usage);
  const { kind } = value as { kind?: unknown };
  if (typeof kind !== 'string' || !Object.hasOwn(KEYS, kind)) {
    const meant = nearest(String(kind), Object.keys(KEYS));
    throw new CliError(`${place}: kind is ${JSON.stringify(kind) ?? 'absent'}${meant ? `; did you mean ${meant}?` : `, not ${Object.keys(KEYS).join(', ')}`}`, ExitCode.usage);
  }
  const keys = KEYS[kind as Declaration['kind']];
  for (const key of Object.keys(value)) if (!keys.includes(key)) throw new CliError(`${place}: unknown key ${JSON.stringify(key)}${nearest(key, keys) ? `; did you mean ${nearest(key, keys)}?` : ''}`, ExitCode.usage);
  for (const key of ['name', ...(kind === 'Label' ? ['repository', 'version'] : [])]) requireText(value as Record<string, unknown>, key, place);
  return value as Declaration;
}

/** A version such as `2` is a number to YAML; written so, it is its text. */
function requireText(value: Record<string, unknown>, key: string, place: string): void {
  const given = value[key];
  if (typeof given === 'number') value[key] = String(given);
  else if (typeof given !== 'string' || given === '') throw new CliError(`${place}: ${key} must be a text`, ExitCode.usage);
}
