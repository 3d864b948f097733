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
export function jsonFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new CliError(`${path}: ${(error as Error).message}`, ExitCode.usage);
  }
}
