export { LogStream } from './log-stream.ts';
