/** `serve` for tests that kill it: argv[2] is the data directory, the rest are flags `name=value`. */
import { runControl } from '../control.ts';
import { testConfig } from './platform-harness.ts';

const [dataDirectory = '', ...flags] = process.argv.slice(2);
process.exitCode = await runControl(testConfig(dataDirectory, Object.fromEntries(flags.map((flag) => flag.split('=', 2) as [string, string]))));
