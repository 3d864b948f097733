import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LeptonError } from '../../core/index.ts';
import { PAGES } from '../../dashboard/index.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = { '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml', '.html': 'text/html; charset=utf-8' };
/** As the build names them: `app-3F2A.js`. */
const ASSET_NAME = /^[\w-]+-[A-Z0-9]{8}\.(?:js|css|svg)$/;
/** Encodings that the build has made beside each file, the best first. */
const ENCODINGS = [['br', '.br'], ['gzip', '.gz']] as const;
/** Nothing but our own files: no inline script or style, no frame around us, no form or base elsewhere. */
const PAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * Serves the dashboard that `make setup` built into `directory`: its pages' paths with one index.html, and its assets, whose
 * names hold their content's hash, for good.
 */
export function addDashboard(app: FastifyInstance, directory: string): void {
  for (const path of Object.values(PAGES)) app.get(path, (request, reply) => sendPage(directory, request, reply));
  app.get('/assets/:name', (request, reply) => sendAsset(directory, request, reply));
}

async function sendPage(directory: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const file = await encoded(directory, 'index.html', request.headers['accept-encoding']);
  if (!file) throw new LeptonError('ROUTE_NOT_FOUND', 'the dashboard is not built; run make setup in the checkout and ask again');
  // The same path answers KServe's clients with JSON.
  return send(reply.headers(PAGE_HEADERS).header('cache-control', 'no-cache').header('vary', 'accept, accept-encoding'), '.html', file);
}

async function sendAsset(directory: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { name } = request.params as { name: string };
  const file = ASSET_NAME.test(name) ? await encoded(join(directory, 'assets'), name, request.headers['accept-encoding']) : null;
  if (!file) throw new LeptonError('ROUTE_NOT_FOUND', `the dashboard has no file ${JSON.stringify(name.slice(0, 100))}; load the page again, it may have been updated`);
  return send(reply.header('x-content-type-options', 'nosniff').header('cache-control', 'public, max-age=31536000, immutable').header('vary', 'accept-encoding'), extname(name), file);
}

interface EncodedFile {
  readonly encoding: string | null;
  readonly bytes: Buffer;
}

function send(reply: FastifyReply, extension: string, { encoding, bytes }: EncodedFile): FastifyReply {
  if (encoding) reply.header('content-encoding', encoding);
  return reply.type(CONTENT_TYPES[extension] ?? 'application/octet-stream').send(bytes);
}

/** The file in the best encoding that the client takes and the build has made; null: there is none. */
async function encoded(directory: string, name: string, accepted: string | undefined): Promise<EncodedFile | null> {
  for (const [encoding, suffix] of ENCODINGS) {
    const bytes = accepts(accepted, encoding) ? await readFile(join(directory, name + suffix)).catch(() => null) : null;
    if (bytes) return { encoding, bytes };
  }
  const bytes = await readFile(join(directory, name)).catch(() => null);
  return bytes && { encoding: null, bytes };
}

/** Whether accept-encoding names this one with a weight above 0. */
function accepts(header: string | undefined, encoding: string): boolean {
  return (header ?? '').split(',').some((entry) => {
    const [name = '', ...parameters] = entry.trim().toLowerCase().split(';');
    return name.trim() === encoding && !parameters.some((parameter) => /^\s*q=0(?:\.0*)?\s*$/.test(parameter));
  });
}
