import type { IncomingMessage } from 'node:http';
import { LeptonError } from '../../../core/index.ts';
import type { FrontLimits } from '../front.ts';
import { BodyBuffer } from './body-buffer.ts';
import { bodyTooLarge, decompress, decompressionOf } from './compression.ts';

/**
 * Reads a request's body and undoes its content-encoding. Bounded in bytes, before and after decompression (TOO_LARGE),
 * and in time (DEADLINE_EXCEEDED). After an error the rest of the body is unread: the connection must be closed.
 */
export async function readBody(message: IncomingMessage, limits: FrontLimits): Promise<Buffer> {
  const encoding = decompressionOf(message.headers['content-encoding']);
  const body = await receive(message, limits);
  return encoding && body.length ? decompress(encoding, body, limits.bodyBytesMax) : body;
}

function receive(message: IncomingMessage, limits: FrontLimits): Promise<Buffer> {
  const announced = Number(message.headers['content-length'] ?? 0);
  if (announced > limits.bodyBytesMax) return Promise.reject(bodyTooLarge(limits.bodyBytesMax, `content-length ${announced}`));
  return new Promise((resolve, reject) => {
    const body = new BodyBuffer(announced || limits.bodyBytesMax);
    const timer = setTimeout(() => fail(new LeptonError('DEADLINE_EXCEEDED', `the body did not arrive within ${limits.requestReceiveTimeoutMs} ms`)), limits.requestReceiveTimeoutMs);
    const fail = (error: LeptonError): void => {
      clearTimeout(timer);
      message.removeAllListeners('data');
      message.pause();
      reject(error);
    };
    message.on('data', (chunk: Buffer) => {
      if (body.length + chunk.length > limits.bodyBytesMax) return fail(bodyTooLarge(limits.bodyBytesMax, `${body.length + chunk.length} bytes so far`));
      body.push(chunk);
    });
    message.once('end', () => {
      clearTimeout(timer);
      resolve(body.take());
    });
    message.once('error', (cause) => fail(new LeptonError('CANCELLED', 'the client left before its body had arrived', { cause })));
  });
}
