/** `make soak`: mixed load with faults on a whole platform for MINUTES; ends with 1 when anything failed that should not, or memory or files were left. */
import { GROWTH_BYTES_MAX, soak } from './soak.ts';

const minutes = Number(process.env['MINUTES'] || 10);
if (!(minutes > 0)) throw new Error(`MINUTES is '${process.env['MINUTES']}', not a number above 0`);
console.log(`${minutes} minutes; after a warm-up no process may grow by more than ${GROWTH_BYTES_MAX / 2 ** 20} MiB`);
const failures = await soak({ durationMs: minutes * 60_000, onProgress: (text) => console.log(text) });
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(failures.length ? `${failures.length} kinds of failures` : 'nothing failed, nothing was left');
process.exit(failures.length ? 1 : 0);
