/** `make test-frameworks`: the tests that need torch, tensorflow or keras, of python/ and test/frameworks. The last line has the counts. */
import { join } from 'node:path';
import { runNodeTests } from './tests/node-tests.ts';
import { runFrameworkTests } from './tests/python-tests.ts';
import { add, countsLine } from './tests/tally.ts';
import { FRAMEWORK_GROUP, testFiles } from './tests/test-files.ts';

const root = join(import.meta.dirname, '..');
const python = await runFrameworkTests(root);
// In the environment that those have made.
const total = add(python, await runNodeTests(root, testFiles(root, FRAMEWORK_GROUP, []), FRAMEWORK_GROUP.concurrency));
if (total.notes.length) console.log(`\n${total.notes.join('\n')}`);
process.exitCode = total.failed || !total.passed ? 1 : 0;
console.log(countsLine(total));
