import { readFileSync } from 'node:fs';
import { CliError, ExitCode } from './exit-codes.ts';

/** `key=value` pairs, or `@FILE.json`, as one object. Values that are JSON become it. */
export function metadataOf(entries: readonly string[]): Record<string, unknown> {
  const metadata: Record<string, unknown> = {};
  for (const entry of entries) Object.assign(metadata, entry.startsWith('@') || !entry.includes('=') ? jsonFile(entry.replace(/^@/, '')) : pairOf(entry));
  return metadata;
}

function pairOf(entry: string): Record<string, unknown> {
  const at = entry.indexOf('=');
  const text = entry.slice(at + 1);
  try {
    return { [entry.slice(0, at)]: JSON.parse(text) as unknown };
  } catch {
    return { [entry.slice(0, at)]: text };
  }
}

/** A JSON file that the command line names. */
export const jsonFile = (path: string): unknown => readOrRefuse(path, () => JSON.parse(readFileSync(path, 'utf8')));
/** The text of a file that the command line names. */
export const readText = (path: string): string => readOrRefuse(path, () => readFileSync(path, 'utf8'));
/** The same, where `-` is standard input. */
export const readTextOrInput = (path: string): string => readOrRefuse(path, () => readFileSync(path === '-' ? 0 : path, 'utf8'));

/** What `read` gives; what it throws is the fault of what the command line names, and says where. */
export function readOrRefuse<Value>(place: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new CliError(`${place}: ${(error as Error).message}`, ExitCode.usage);
  }
}
