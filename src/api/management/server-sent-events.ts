import type { FastifyReply, FastifyRequest } from 'fastify';

/** Bytes that may wait for a slow reader before its stream is cut. */
const BACKLOG_BYTES_MAX = 2 ** 20;
/** A comment line this often keeps proxies from closing an idle stream. */
const HEARTBEAT_MS = 15_000;

export interface SentEvents {
  /** Bytes that wait for the reader. */
  readonly backlogBytes: number;
  /** Sends one event; cuts the stream of a reader that has fallen too far behind. */
  send(event: { readonly id?: number | string; readonly event: string; readonly data: unknown }): void;
}

/**
 * Answers with server-sent events: `run` sends what is there and then whatever comes, until the client leaves or the server
 * closes. What `run` returns is called then.
 */
export async function sendEvents(request: FastifyRequest, reply: FastifyReply, run: (events: SentEvents, onClose: (ended: () => void) => void) => Promise<void>): Promise<FastifyReply> {
  const heartbeat = setInterval(() => reply.raw.write(': still here\n\n'), HEARTBEAT_MS);
  reply.raw.on('close', () => clearInterval(heartbeat));
  try {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-request-id': request.id });
    reply.raw.write(': open\n\n');
    const events: SentEvents = {
      get backlogBytes() {
        return reply.raw.writableLength;
      },
      send: ({ id, event, data }) => {
        reply.raw.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
        if (reply.raw.writableLength > BACKLOG_BYTES_MAX) reply.raw.destroy();
      },
    };
    await run(events, (ended) => void reply.raw.on('close', ended));
  } catch (error) {
    request.log.error({ err: error }, 'event stream failed');
    reply.raw.destroy();
  }
  return reply;
}
