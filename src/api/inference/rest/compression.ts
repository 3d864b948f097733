import { promisify } from 'node:util';
import { deflate, gunzip, gzip, inflate } from 'node:zlib';
import { LeptonError } from '../../../core/index.ts';
import { partsOf, type RestReply } from './exchange.ts';

/** Bytes below which compression saves nothing. */
const COMPRESS_BYTES_MIN = 1024;

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };
const decompressors = { gzip: promisify(gunzip), deflate: promisify(inflate) };

/** Compresses when the client asks for it (and never by our own choice: it can cost more than the model). */
export function compressReply(reply: RestReply, accepted: string | undefined): RestReply | Promise<RestReply> {
  if (accepted === undefined) return reply;
  const encoding = chooseEncoding(accepted);
  if (!encoding) return reply;
  const body = Buffer.concat(partsOf(reply.body));
  if (body.byteLength < COMPRESS_BYTES_MIN) return reply;
  return compressors[encoding](body).then((compressed) => ({ ...reply, headers: { ...reply.headers, 'content-encoding': encoding, vary: 'accept-encoding' }, body: [compressed] }));
}

/** gzip or deflate, if named with a quality above 0. `*` is not taken as a wish. */
export function chooseEncoding(accepted: string): 'gzip' | 'deflate' | null {
  const wanted = accepted
    .toLowerCase()
    .split(',')
    .map((entry) => {
      const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return { name, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ name, quality }) => (name === 'gzip' || name === 'deflate') && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return (wanted[0]?.name as 'gzip' | 'deflate' | undefined) ?? null;
}

/** How to undo a content-encoding; null: nothing to undo. Throws UNSUPPORTED_MEDIA_TYPE. */
export function decompressionOf(encoding: string | undefined): 'gzip' | 'deflate' | null {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return 'gzip';
    case 'deflate':
      return 'deflate';
    default:
      throw new LeptonError('UNSUPPORTED_MEDIA_TYPE', `content-encoding '${encoding?.slice(0, 100)}' is not read; use gzip, deflate or none`);
  }
}

/** Bounded in the bytes that come out (TOO_LARGE); INVALID_ARGUMENT if the body is not what it says. */
export async function decompress(encoding: 'gzip' | 'deflate', body: Buffer, bytesMax: number): Promise<Buffer> {
  try {
    return await decompressors[encoding](body, { maxOutputLength: bytesMax });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw bodyTooLarge(bytesMax, 'after decompression');
    throw new LeptonError('INVALID_ARGUMENT', `the body is not ${encoding} data: ${(cause as Error).message}`, { cause });
  }
}

export function bodyTooLarge(bytesMax: number, what: string): LeptonError {
  return new LeptonError('TOO_LARGE', `the body is over the limit of ${bytesMax} bytes (${what}); limits.bodyBytesMax raises it`);
}
