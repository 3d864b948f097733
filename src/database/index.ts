export { type DataDirectoryLock, lockDataDirectory, type LockHolder } from './lock.ts';
export { SCHEMA_VERSION } from './migrations.ts';
export { Mutex } from './mutex.ts';
export { openDatabase, SQLITE_FILE } from './open.ts';
export type * from './schema.ts';
export { platformSecret } from './secrets.ts';
export type { Database, DatabaseOptions } from './types.ts';
