/** What travels: the schemas of all services, and a codec for the messages that are not on the hot path. */
export { FEEDBACK_PROTO } from './feedback-proto.ts';
export { INFERENCE_PROTO } from './inference-proto.ts';
export { decodeMessage, encodeMessage, parseSchema, SCHEMA_FILES, type SchemaFile } from './messages.ts';
