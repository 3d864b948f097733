export { WorkerExit } from './exit-codes.ts';
