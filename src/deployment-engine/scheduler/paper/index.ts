export * from './paper-case.ts';
export { paperInput } from './paper-input.ts';
