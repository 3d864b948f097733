import type { LeptonError } from '../../../../core/index.ts';
import type { OutgoingMetadata } from './types.ts';

/** Clients bound their headers, 8 KiB being the least; a longer message would lose them the status as well. */
const MESSAGE_BYTES_MAX = 4096;
const PLAIN = /^[\x20-\x24\x26-\x7e]*$/;

/** A failure as trailers. */
export function statusTrailers(error: LeptonError): OutgoingMetadata {
  const trailers: OutgoingMetadata = { 'grpc-status': error.grpcStatus, 'grpc-message': percentEncode(error.message), 'lepton-code': error.code };
  if (error.retryAfterSeconds !== undefined) trailers['retry-after'] = error.retryAfterSeconds;
  return trailers;
}

/** `grpc-message`: printable ASCII except `%` as it is, all other bytes of the UTF-8 as %XX; cut where it grows too long. */
export function percentEncode(message: string): string {
  if (message.length <= MESSAGE_BYTES_MAX && PLAIN.test(message)) return message;
  let encoded = '';
  for (const character of message) {
    const next = PLAIN.test(character) ? character : Buffer.from(character, 'utf8').toString('hex').toUpperCase().replace(/../g, '%$&');
    if (encoded.length + next.length > MESSAGE_BYTES_MAX) break;
    encoded += next;
  }
  return encoded;
}
