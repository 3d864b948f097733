export { EventStore, type EventFilter, type EventStoreOptions } from './event-store.ts';
