import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LogLine, LogQuery, LogSource, LogStore } from '../../monitoring/logs/index.ts';
import { sendEvents } from './server-sent-events.ts';

/** While so much waits for the reader, lines are left out and counted. */
const UNREAD_BYTES_MAX = 512 * 1024;
/** Lines that may wait for the first page to be read. */
const EARLY_MAX = 10_000;

/** The newest lines that fit, then each new one. A reader that is too slow misses lines, and is told how many bytes of which log. */
export function followLogs(logs: LogStore, query: LogQuery, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return sendEvents(request, reply, async (events, onClose) => {
    let early: LogLine[] | undefined = [];
    const unsent = new Map<string, number>();
    const skip = ({ id }: Pick<LogSource, 'id'>, bytes: number): void => void unsent.set(id, (unsent.get(id) ?? 0) + bytes);
    const tellSkipped = (): void => {
      for (const [source, bytes] of unsent) events.send({ event: 'skipped', data: { source, bytes } });
      unsent.clear();
    };
    const send = (line: LogLine): void => {
      if (events.backlogBytes > UNREAD_BYTES_MAX) return skip({ id: line.replica ?? line.process }, line.message.length);
      if (unsent.size) tellSkipped();
      events.send({ event: 'line', data: line });
    };
    const fits = ({ at }: LogLine): boolean => Date.parse(at) <= (query.toMs ?? Number.POSITIVE_INFINITY);
    const end = logs.follow(query, {
      line: (line) => {
        if (!fits(line)) return;
        if (!early) send(line);
        else if (early.length < EARLY_MAX) early.push(line);
        else skip({ id: line.replica ?? line.process }, line.message.length);
      },
      skipped: (source, bytes) => {
        skip(source, bytes);
        if (!early) tellSkipped();
      },
    });
    onClose(end);
    const { lines } = query.tail > 0 ? await logs.query(query) : { lines: [] };
    const sent = new Set(lines.map((line) => JSON.stringify(line)));
    lines.forEach(send);
    // What came while the page was read may be on it.
    for (const line of early) if (!sent.has(JSON.stringify(line))) send(line);
    early = undefined;
  });
}
