export { EXIT_CODES_HELP, ExitCode } from './exit-codes.ts';
export { buildProgram } from './program.ts';
export { run } from './run.ts';
