import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';
import { LeptonError } from '../../../core/index.ts';
import type { FrontLimits } from '../front.ts';

/**
 * Reads a request's body and undoes its content-encoding. Bounded in bytes, before and after decompression (TOO_LARGE),
 * and in time (DEADLINE_EXCEEDED). After an error the rest of the body is unread: the connection must be closed.
 */
export async function readBody(message: IncomingMessage, limits: FrontLimits): Promise<Buffer> {
  const decompress = decompressor(message.headers['content-encoding']);
  const body = await receive(message, limits);
  if (!decompress || body.length === 0) return body;
  try {
    return await decompress(body, { maxOutputLength: limits.bodyBytesMax });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limits, 'after decompression');
    throw new LeptonError('INVALID_ARGUMENT', `the body is not ${message.headers['content-encoding']} data: ${(cause as Error).message}`, { cause });
  }
}

type Decompress = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

function decompressor(encoding: string | undefined): Decompress | null {
  switch (encoding?.trim().toLowerCase()) {
    case undefined:
    case '':
    case 'identity':
      return null;
    case 'gzip':
    case 'x-gzip':
      return promisify(gunzip) as Decompress;
    case 'deflate':
      return promisify(inflate) as Decompress;
    default:
      throw new LeptonError('UNSUPPORTED_MEDIA_TYPE', `content-encoding '${encoding?.slice(0, 100)}' is not read; use gzip, deflate or none`);
  }
}

function receive(message: IncomingMessage, limits: FrontLimits): Promise<Buffer> {
  const announced = Number(message.headers['content-length'] ?? 0);
  if (announced > limits.bodyBytesMax) return Promise.reject(tooLarge(limits, `content-length ${announced}`));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let received = 0;
    const timer = setTimeout(() => fail(new LeptonError('DEADLINE_EXCEEDED', `the body did not arrive within ${limits.requestReceiveTimeoutMs} ms`)), limits.requestReceiveTimeoutMs);
    const fail = (error: LeptonError): void => {
      clearTimeout(timer);
      message.removeAllListeners('data');
      message.pause();
      reject(error);
    };
    message.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      received += chunk.length;
      if (received > limits.bodyBytesMax) fail(tooLarge(limits, `${received} bytes so far`));
    });
    message.once('end', () => {
      clearTimeout(timer);
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, received));
    });
    message.once('error', (cause) => fail(new LeptonError('CANCELLED', 'the client left before its body had arrived', { cause })));
  });
}

function tooLarge(limits: FrontLimits, what: string): LeptonError {
  return new LeptonError('TOO_LARGE', `the body is over the limit of ${limits.bodyBytesMax} bytes (${what}); limits.bodyBytesMax raises it`);
}
