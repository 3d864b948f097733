export * from './connection.ts';
export * from './frame.ts';
export * from './messages.ts';
export * from './process-config.ts';
