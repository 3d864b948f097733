export * from './linear-program.ts';
export { writeLp } from './lp-format.ts';
export { writeMps } from './mps-format.ts';
