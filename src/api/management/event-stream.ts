import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PlatformEvent } from '../../core/index.ts';
import type { EventFeed, EventFilter } from './types.ts';

/** Bytes that may wait for a slow reader before its stream is cut; it continues with `last-event-id`. */
const BACKLOG_BYTES_MAX = 2 ** 20;
/** A comment line this often keeps proxies from closing an idle stream. */
const HEARTBEAT_MS = 15_000;
const PAGE = 1000;
const SEVERITIES: readonly PlatformEvent['severity'][] = ['info', 'warning', 'error'];

interface FollowQuery extends EventFilter {
  readonly after?: number;
  readonly limit?: number;
}

/** Whether an event is wanted by a filter. */
export function eventMatches(event: PlatformEvent, filter: EventFilter): boolean {
  if (filter.service !== undefined && event.service !== filter.service) return false;
  if (filter.repository !== undefined && event.repository !== filter.repository) return false;
  return filter.severity === undefined || SEVERITIES.indexOf(event.severity) >= SEVERITIES.indexOf(filter.severity);
}

/**
 * Answers with server-sent events: what is recorded after `after` (or the header `last-event-id`), then each new event once,
 * in order. Ends when the client leaves or the server closes.
 */
export async function followEvents(feed: EventFeed, query: FollowQuery, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { after, limit = 100, ...filter } = query;
  const resumed = Number(request.headers['last-event-id']);
  const from = Number.isSafeInteger(resumed) && resumed >= 0 ? resumed : after;

  // Subscribed before the backlog is read: what happens meanwhile waits in `early`, and ids drop what both have.
  let early: PlatformEvent[] | undefined = [];
  let lastId = from ?? -1;
  const write = (event: PlatformEvent): void => {
    if (event.id <= lastId || !eventMatches(event, filter)) return;
    lastId = event.id;
    reply.raw.write(`id: ${event.id}\nevent: ${event.reason}\ndata: ${JSON.stringify(event)}\n\n`);
    if (reply.raw.writableLength > BACKLOG_BYTES_MAX) reply.raw.destroy();
  };
  const unsubscribe = feed.subscribe((event) => (early ? early.push(event) : write(event)));
  const heartbeat = setInterval(() => reply.raw.write(': still here\n\n'), HEARTBEAT_MS);
  reply.raw.on('close', () => {
    unsubscribe();
    clearInterval(heartbeat);
  });
  try {
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-request-id': request.id });
    reply.raw.write(': events\n\n');
    await writeBacklog(feed, filter, from, limit, write);
    for (const event of early) write(event);
    early = undefined;
  } catch (error) {
    request.log.error({ err: error }, 'event stream failed');
    reply.raw.destroy();
  }
  return reply;
}

async function writeBacklog(feed: EventFeed, filter: EventFilter, after: number | undefined, limit: number, write: (event: PlatformEvent) => void): Promise<void> {
  if (after === undefined) return (await feed.list({ ...filter, limit })).forEach(write);
  for (let cursor = after; ; ) {
    const page = await feed.list({ ...filter, after: cursor, limit: PAGE });
    page.forEach(write);
    if (page.length < PAGE) return;
    cursor = page.at(-1)?.id ?? cursor;
  }
}
