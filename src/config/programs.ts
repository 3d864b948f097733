import { fileURLToPath } from 'node:url';

/** The programs that we are made of. From source they are the folders' `main.ts`, built they are `dist/<name>.js`. */
export type Program = 'cli' | 'gateway' | 'worker' | 'inspect';

const SOURCE: Readonly<Record<Program, string>> = {
  cli: '../cli/main.ts',
  gateway: '../gateway/main.ts',
  worker: '../worker/main.ts',
  inspect: '../model-repository/formats/inspect-main.ts',
};

/** Absolute path of a program's file, to be run by `process.execPath`. */
export function programPath(program: Program): string {
  const fromSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(fromSource ? SOURCE[program] : `./${program}.js`, import.meta.url));
}

/** Environment that our child programs get: what they need and nothing else, so that no secret reaches a model. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return { ...kept, ...extra };
}
