/** `make test-frameworks`: the tests of python/ that need torch, tensorflow or keras. The last line has the counts. */
import { join } from 'node:path';
import { runFrameworkTests } from './tests/python-tests.ts';
import { countsLine } from './tests/tally.ts';

const total = await runFrameworkTests(join(import.meta.dirname, '..'));
if (total.notes.length) console.log(`\n${total.notes.join('\n')}`);
process.exitCode = total.failed || !total.passed ? 1 : 0;
console.log(countsLine(total));
