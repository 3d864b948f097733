import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PlatformEvent } from '../../core/index.ts';
import { sendEvents } from './server-sent-events.ts';
import type { EventFeed, EventFilter } from './types.ts';

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

  return sendEvents(request, reply, async (events, onClose) => {
    // Subscribed before the backlog is read: what happens meanwhile waits in `early`, and ids drop what both have.
    let early: PlatformEvent[] | undefined = [];
    let lastId = from ?? -1;
    const write = (event: PlatformEvent): void => {
      if (event.id <= lastId || !eventMatches(event, filter)) return;
      lastId = event.id;
      events.send({ id: event.id, event: event.reason, data: event });
    };
    onClose(feed.subscribe((event) => (early ? early.push(event) : write(event))));
    await writeBacklog(feed, filter, from, limit, write);
    for (const event of early) write(event);
    early = undefined;
  });
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
