import type { FastifyReply } from 'fastify';

/** Clients commonly give up a server that has said nothing for a minute to five. */
const SILENCE_MAX_MS = 15_000;

/**
 * The answer of work that may take as long as the data is large. If it takes longer than the silence that clients bear, the
 * head goes out with status 200 and a blank each time, which JSON allows before its value; the value follows. A failure
 * after that can only cut the answer short.
 */
export async function answerPatiently<T>(reply: FastifyReply, work: Promise<T>, silenceMs: number = SILENCE_MAX_MS): Promise<T | undefined> {
  const { raw } = reply;
  const timer = setInterval(() => {
    if (!reply.sent) {
      reply.hijack();
      raw.writeHead(200, { ...reply.getHeaders(), 'content-type': 'application/json; charset=utf-8' } as Record<string, string>);
    }
    raw.write(' ');
  }, silenceMs);
  try {
    const value = await work;
    if (!reply.sent) return value;
    raw.end(JSON.stringify(value));
  } catch (error) {
    if (!reply.sent) throw error;
    reply.log.error({ err: error }, 'failed after its answer had begun');
    raw.destroy();
  } finally {
    clearInterval(timer);
  }
  return undefined;
}
