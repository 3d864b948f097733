import { Agent, type ClientRequestArgs } from 'node:http';
import { Socket } from 'node:net';

type Written = (error?: Error | null) => void;
type Chunks = { chunk: unknown; encoding: BufferEncoding }[];

/**
 * A socket whose peer may stop listening before it stops talking. Control refuses a body as soon as it is sure, answers
 * and closes; what is written after that fails with EPIPE, and Node's own socket would throw away the unread answer with
 * the error. Here a failed write is the peer's choice: reading goes on until it ends, with the answer or without.
 */
class PatientSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, () => written());
  }

  override _writev(chunks: Chunks, written: Written): void {
    super._writev?.(chunks, () => written());
  }
}

/** One connection for each request to control's socket; it is closed after the answer. */
export class ControlAgent extends Agent {
  override createConnection({ socketPath }: ClientRequestArgs): Socket {
    return new PatientSocket().connect({ path: socketPath ?? '' });
  }
}
