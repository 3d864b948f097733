import { promisify } from 'node:util';
import { deflate, gunzip, gzip, inflate } from 'node:zlib';
import { LeptonError } from '../../../../core/index.ts';

type Coder = (bytes: Uint8Array) => Promise<Buffer>;
type Decoder = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>;

const CODERS: ReadonlyMap<string, { readonly encode: Coder; readonly decode: Decoder }> = new Map([
  ['gzip', { encode: promisify(gzip) as Coder, decode: promisify(gunzip) as Decoder }],
  ['deflate', { encode: promisify(deflate) as Coder, decode: promisify(inflate) as Decoder }],
]);
export const ACCEPTED_ENCODINGS = ['identity', ...CODERS.keys()].join(',');

/** The `grpc-encoding` of a request: null for none. Throws UNSUPPORTED (UNIMPLEMENTED) for an unknown one. */
export function requestEncoding(value: string | undefined): string | null {
  if (value === undefined || value === 'identity') return null;
  if (CODERS.has(value)) return value;
  throw new LeptonError('UNSUPPORTED', `grpc-encoding '${value.slice(0, 100)}' is not read; use one of ${ACCEPTED_ENCODINGS}`);
}

/** Whether `grpc-accept-encoding` lists it. */
export function accepts(header: string | undefined, encoding: string): boolean {
  return header?.split(',').some((each) => each.trim() === encoding) ?? false;
}

export function compress(encoding: string, bytes: Uint8Array): Promise<Buffer> {
  return (CODERS.get(encoding) as { encode: Coder }).encode(bytes);
}

/** Throws INVALID_ARGUMENT when the bytes are not what they should be, TOO_LARGE when they become more than `bytesMax`. */
export async function decompress(encoding: string | null, bytes: Uint8Array, bytesMax: number): Promise<Buffer> {
  if (encoding === null) throw new LeptonError('INVALID_ARGUMENT', 'the message is marked as compressed, but grpc-encoding names no compression');
  try {
    return await (CODERS.get(encoding) as { decode: Decoder }).decode(bytes, { maxOutputLength: bytesMax });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('the decompressed message is', bytesMax, cause);
    throw new LeptonError('INVALID_ARGUMENT', `the message is not ${encoding}: ${(cause as Error).message}`, { cause });
  }
}

export function tooLarge(what: string, bytesMax: number, cause?: unknown): LeptonError {
  return new LeptonError('TOO_LARGE', `${what} larger than the limit of ${bytesMax} bytes (limits.bodyBytesMax)`, { cause });
}
