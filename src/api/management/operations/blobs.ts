import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import { LeptonError } from '../../../core/index.ts';
import { operation, type Operation } from '../operation.ts';
import { Bytes, closed, DigestText } from '../schemas/common.ts';
import { BlobsMissing, BlobStored, BlobsToSend } from '../schemas/repository.ts';

const ofBlob = closed({ digest: DigestText });

/** The announced size, so that too much is refused before a byte is read. */
function refuseTooLarge(header: string | undefined, offset: number, sizeMax: number): void {
  const size = Number(header) + offset;
  if (header === undefined || !Number.isSafeInteger(size) || size < offset) throw new LeptonError('INVALID_ARGUMENT', 'an upload needs a content-length header');
  if (size > sizeMax) throw new LeptonError('TOO_LARGE', `the file has ${size} bytes, the limit is ${sizeMax}; raise it with limits.fileBytesMax (serve --file-bytes-max)`);
}

export const blobOperations: readonly Operation[] = [
  operation({
    method: 'POST', path: '/blobs/missing', id: 'findMissingBlobs', tag: 'blobs', summary: 'Which of these files are not stored yet, and where their uploads can go on.', errors: [],
    body: BlobsMissing, response: BlobsToSend,
    handle: async ({ dependencies: { repository }, body }) => {
      const digests = await repository.missingBlobs(body.digests);
      return { digests, partial: await repository.partialBlobs(digests) };
    },
  }),
  operation({
    method: 'PUT', path: '/blobs/{digest}', id: 'putBlob', tag: 'blobs', summary: 'Store a file, verified as it streams.', description: 'Needs `content-length`. The same content again is a no-op. What arrived of an upload that breaks off is kept for a day: `findMissingBlobs` says where it can go on.',
    errors: ['DIGEST_MISMATCH', 'TOO_LARGE', 'CONFLICT', 'UNSUPPORTED_MEDIA_TYPE'], bytesIn: true, params: ofBlob, response: BlobStored,
    query: closed({ offset: Type.Optional(Bytes('The body is the file from this byte on; as many must be here, else CONFLICT.')) }),
    handle: async ({ dependencies, params, query: { offset = 0 }, body, request }) => {
      refuseTooLarge(request.headers['content-length'], offset, dependencies.fileBytesMax);
      const stored = await dependencies.repository.putBlob(params.digest, body as Readable, { offset });
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
