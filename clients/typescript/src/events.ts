import type { PlatformEvent } from './types.ts';

/**
 * The events of a server-sent event stream, in order, until it ends. Only the fields that the server sends are read:
 * each message's `data` is one line of JSON.
 */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<PlatformEvent> {
  let rest = '';
  for await (const text of body.pipeThrough(new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>)) {
    const messages = (rest + text).split('\n\n');
    rest = messages.pop() ?? '';
    for (const message of messages) {
      const data = message.split('\n').find((line) => line.startsWith('data: '));
      if (data) yield JSON.parse(data.slice(6)) as PlatformEvent;
    }
  }
}
