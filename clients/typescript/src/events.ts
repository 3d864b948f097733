/** One message of a stream: its event's name and its data. */
export interface StreamMessage<T> {
  readonly event: string;
  readonly data: T;
}

/**
 * The messages of a server-sent event stream, in order, until it ends. Only the fields that the server sends are read:
 * each message's `data` is one line of JSON.
 */
export async function* readEventStream<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamMessage<T>> {
  let rest = '';
  for await (const text of textOf(body)) {
    const messages = (rest + text).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const field = (name: string): string | undefined => message.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field('data');
      if (data) yield { event: field('event') ?? 'message', data: JSON.parse(data) as T };
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
