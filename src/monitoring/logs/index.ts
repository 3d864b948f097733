export { LOG_LEVELS, type LogLevel, type LogLine, type LogSource } from './log-line.ts';
export { type LogFilter, type LogFollower, type LogPage, type LogQuery, LogStore } from './log-store.ts';
export { LogStream } from './log-stream.ts';
export { LogWatch } from './log-watch.ts';
