import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './tests/command.ts';

/** One check of the source as a whole. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<boolean>;
}

/** Type check, and lint where a configuration for it exists. */
export function checks(root: string): readonly Check[] {
  const tool = (file: string, ...args: string[]): Promise<boolean> => runCommand(process.execPath, [join(root, 'node_modules', file), ...args], { cwd: root }).then((code) => code === 0);
  const types = { name: 'type check', run: async () => (await tool('typescript/bin/tsc')) && tool('typescript/bin/tsc', '-p', 'src/dashboard') };
  const lint = { name: 'lint', run: () => tool('@biomejs/biome/bin/biome', 'lint', '--error-on-warnings') };
  return existsSync(join(root, 'biome.json')) ? [types, lint] : [types];
}
