export { createManagementServer } from './server.ts';
export type * from './types.ts';
