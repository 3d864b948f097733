/** `make check`: type check and lint, without tests. */
import { join } from 'node:path';
import { checks } from './checks.ts';

for (const { name, run } of checks(join(import.meta.dirname, '..'))) {
  const holds = await run();
  console.log(`${name}: ${holds ? 'ok' : 'FAILED'}`);
  if (!holds) process.exitCode = 1;
}
