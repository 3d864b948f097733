import type { PlatformEvent } from './types.ts';

/**
 * The events of a server-sent event stream, in order, until it ends. Only the fields that the server sends are read:
 * each message's `data` is one line of JSON.
 */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<PlatformEvent> {
  let rest = '';
  for await (const text of textOf(body)) {
    const messages = (rest + text).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const data = message.split('\n').find((line) => line.startsWith('data: '));
      if (data) yield JSON.parse(data.slice(6)) as PlatformEvent;
    }
  }
}

/** By a reader, since not every browser iterates over streams. Who ends early ends the stream. */
async function* textOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield decoder.decode(part.value, { stream: true });
  } finally {
    await reader.cancel();
  }
}
