/** Protobuf's wire format by hand, for the messages that every request carries. */
export { type MessageFields, ProtoReader } from './proto-reader.ts';
export { ProtoWriter } from './proto-writer.ts';
