/** A worker without a model: real socket, real frames, behaviour to order. For tests and for trying out routing. */
import { rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import type { ReplicaRoute, Signature } from '../core/index.ts';
import { type Frame, FrameConnection, FrameType, type HelloMessage, type InferItem, type InferMessage, type InferResultMessage, type WireTensor } from '../wire/index.ts';

/** What the fake does with a run. */
export type FakeBehaviour =
  | { readonly kind: 'answer'; readonly delayMs?: number }
  /** Never answers; keeps the connection. */
  | { readonly kind: 'hang' }
  /** Closes all connections without an answer, as a killed process does. */
  | { readonly kind: 'die' }
  | { readonly kind: 'fail'; readonly code: 'MODEL_ERROR' | 'REPLICA_FAILED'; readonly error: string };

/** x FP32 [-1,4] → y = x × factor, as `scaleModel` does. */
export const SCALE_SIGNATURE: Signature = {
  inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4], dimensionNames: ['batch', ''] }],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4], dimensionNames: ['batch', ''] }],
};

export class FakeWorker {
  readonly route: ReplicaRoute;
  /** Sizes of the runs so far, in requests. */
  readonly runs: number[] = [];
  behaviour: FakeBehaviour = { kind: 'answer' };
  readonly #factor: number;
  readonly #server: Server;
  readonly #connections = new Set<FrameConnection>();

  private constructor(route: ReplicaRoute, factor: number) {
    this.route = route;
    this.#factor = factor;
    this.#server = createServer((socket) => this.#greet(new FrameConnection(socket)));
  }

  /** Listens at the route's socket; answers with `factor` times the input. */
  static async start(route: ReplicaRoute, factor: number): Promise<FakeWorker> {
    const worker = new FakeWorker(route, factor);
    await rm(route.socketPath, { force: true });
    await new Promise<void>((resolve, reject) => worker.#server.once('error', reject).listen(route.socketPath, resolve));
    return worker;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Ends like a killed process: connections cut, socket gone. */
  async kill(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #greet(connection: FrameConnection): void {
    connection.handle({
      onClose: () => this.#connections.delete(connection),
      onFrame: (frame) => {
        if (frame.type === FrameType.infer) return this.#infer(connection, frame);
        if (frame.type !== FrameType.hello || (frame.header as HelloMessage).token !== this.route.token) return connection.destroy();
        this.#connections.add(connection);
        connection.send(FrameType.helloAnswer, 0, { pid: process.pid, instance: this.route.id, startedAt: new Date().toISOString() });
      },
    });
  }

  #infer(connection: FrameConnection, frame: Frame): void {
    const { items } = frame.header as InferMessage;
    const { behaviour } = this;
    this.runs.push(items.length);
    if (behaviour.kind === 'hang') return;
    if (behaviour.kind === 'die') return void this.kill();
    if (behaviour.kind === 'fail') return connection.send(FrameType.failure, frame.id, { code: behaviour.code, error: behaviour.error });
    const answer = (): void => connection.send(FrameType.inferResult, frame.id, this.#result(items), [this.#scale(frame.body)]);
    if (behaviour.delayMs) setTimeout(answer, behaviour.delayMs);
    else answer();
  }

  #result(items: readonly InferItem[]): InferResultMessage {
    const outputs = (item: InferItem): WireTensor[] => item.inputs.map(({ datatype, shape, bytes }) => ({ name: 'y', datatype, shape, bytes }));
    const batchSize = items.reduce((rows, item) => rows + (item.inputs[0]?.shape[0] ?? 1), 0);
    return { items: items.map((item) => ({ outputs: outputs(item) })), runNs: 1000, inputNs: 100, outputNs: 100, batchSize };
  }

  #scale(body: Uint8Array): Uint8Array {
    const values = new Float32Array(new Uint8Array(body).buffer);
    return new Uint8Array(values.map((value) => value * this.#factor).buffer);
  }
}
