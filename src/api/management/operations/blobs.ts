import type { Readable } from 'node:stream';
import { LeptonError } from '../../../core/index.ts';
import { operation, type Operation } from '../operation.ts';
import { closed, DigestText } from '../schemas/common.ts';
import { BlobsMissing, BlobStored } from '../schemas/repository.ts';

const ofBlob = closed({ digest: DigestText });

/** The announced size, so that too much is refused before a byte is read. */
function announcedSize(header: string | undefined, sizeMax: number): number {
  const size = Number(header);
  if (header === undefined || !Number.isSafeInteger(size) || size < 0) throw new LeptonError('INVALID_ARGUMENT', 'an upload needs a content-length header');
  if (size > sizeMax) throw new LeptonError('TOO_LARGE', `the file has ${size} bytes, the limit is ${sizeMax}; raise it with limits.fileBytesMax (serve --file-bytes-max)`);
  return size;
}

export const blobOperations: readonly Operation[] = [
  operation({
    method: 'POST', path: '/blobs/missing', id: 'findMissingBlobs', tag: 'blobs', summary: 'Which of these files are not stored yet.', errors: [],
    body: BlobsMissing, response: BlobsMissing,
    handle: async ({ dependencies, body }) => ({ digests: await dependencies.repository.missingBlobs(body.digests) }),
  }),
  operation({
    method: 'PUT', path: '/blobs/{digest}', id: 'putBlob', tag: 'blobs', summary: 'Store a file, verified as it streams.', description: 'Needs `content-length`. The same content again is a no-op.',
    errors: ['DIGEST_MISMATCH', 'TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'], bytesIn: true, params: ofBlob, response: BlobStored,
    handle: async ({ dependencies, params, body, request }) => {
      const sizeMax = announcedSize(request.headers['content-length'], dependencies.fileBytesMax);
      const stored = await dependencies.repository.putBlob(params.digest, body as Readable, { sizeMax });
      return { digest: params.digest, ...stored };
    },
  }),
  operation({
    method: 'GET', path: '/blobs/{digest}', id: 'getBlob', tag: 'blobs', summary: 'Read a stored file.', errors: ['BLOB_NOT_FOUND'], contentTypesOut: ['application/octet-stream'],
    params: ofBlob,
    handle: async ({ dependencies, params, reply }) => {
      const { size, content } = await dependencies.repository.openBlob(params.digest);
      return reply.header('content-length', size).header('etag', `"${params.digest}"`).type('application/octet-stream').send(content);
    },
  }),
];
