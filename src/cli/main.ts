import { run } from './run.ts';

// A reader that has gone (`lepton-ai events | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const exitCode = await run(process.argv.slice(2));
// Kept-alive connections must not hold the process; what was written is flushed first.
process.stdout.write('', () => process.exit(exitCode));
