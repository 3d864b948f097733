/** Real workers on the local target in a temporary directory, for tests and benchmarks. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeWorkerCommand } from '../deployment-engine/runtimes/index.ts';
import { LocalTarget, type LocalTargetOptions, runDirectory, UNLIMITED, type WorkerExit, type WorkerHandle, type WorkerSpec } from '../deployment-engine/targets/index.ts';
import type { Datatype, Signature, Tensor } from '../core/index.ts';
import { dial, type FailureMessage, type FrameConnection, FrameType, type InferItem, type InferResultMessage, type WorkerConfig, type WorkerStatus } from '../wire/index.ts';
import { writeModelDirectory } from './onnx-models.ts';

/** Longest wait for anything that a test polls or awaits. */
const DEADLINE_MS = 20_000;

/** The signature of a model whose tensors all have one shape; -1 is free and, as the first dimension, named `batch`. */
export function signatureOf(inputs: readonly string[], outputs: readonly string[], datatype: Datatype, shape: readonly number[]): Signature {
  const spec = (name: string) => ({ name, datatype, shape, dimensionNames: shape.map((size, axis) => (size === -1 && axis === 0 ? 'batch' : '')) });
  return { inputs: inputs.map(spec), outputs: outputs.map(spec) };
}

export class WorkerFixture {
  readonly directory: string;
  readonly runDirectory: string;
  readonly target: LocalTarget;
  readonly #handles: WorkerHandle[] = [];

  constructor(directory: string, runDirectory: string, options: Partial<LocalTargetOptions>) {
    this.directory = directory;
    this.runDirectory = runDirectory;
    this.target = new LocalTarget({ runDirectory, hidden: [directory], ...options });
  }

  static async create(options: Partial<LocalTargetOptions> = {}): Promise<WorkerFixture> {
    const directory = await mkdtemp(join(tmpdir(), 'lepton-worker-'));
    return new WorkerFixture(directory, await runDirectory(directory), options);
  }

  /** Writes the model and makes the specification of a worker for it. */
  async spec(replica: string, model: Uint8Array, signature: Signature, overrides: Partial<WorkerConfig> = {}): Promise<WorkerSpec> {
    const modelDirectory = join(this.directory, 'models', replica);
    await writeModelDirectory(modelDirectory, model);
    return {
      worker: {
        replica, service: 'service', version: 'v1', digest: `sha256:${'0'.repeat(64)}`, format: 'onnx', modelDirectory, entry: 'model.onnx', signature,
        batching: null, profile: null, resources: { threads: 1, memoryBytes: null, cpus: null, pids: 512, network: false, storageBytes: null }, orphanGraceMs: DEADLINE_MS,
        timeouts: { requestTimeoutMs: 5_000, runTimeoutMs: 5_000, loadTimeoutMs: DEADLINE_MS, drainTimeoutMs: 2_000 },
        ...overrides,
      },
      command: nodeWorkerCommand,
      logFile: join(this.directory, 'logs', `${replica}.log`),
      limits: UNLIMITED,
    };
  }

  async start(replica: string, model: Uint8Array, signature: Signature, overrides: Partial<WorkerConfig> = {}): Promise<WorkerHandle> {
    return this.keep(await this.target.start(await this.spec(replica, model, signature, overrides)));
  }

  /** Ends this worker too when the fixture closes. */
  keep(handle: WorkerHandle): WorkerHandle {
    this.#handles.push(handle);
    return handle;
  }

  async close(): Promise<void> {
    await Promise.all(this.#handles.map((handle) => handle.exited ?? handle.kill()));
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** Resolves with the first status that is not `loading`. */
export const settled = (handle: WorkerHandle): Promise<WorkerStatus> =>
  within('status', new Promise((resolve) => handle.onStatus((status) => status.phase !== 'loading' && resolve(status))));

export const exitOf = (handle: WorkerHandle): Promise<WorkerExit> => within('exit', new Promise((resolve) => handle.onExit(resolve)));

/** Rejects when it takes longer than a test may wait. */
export async function within<Value>(what: string, promise: Promise<Value>, milliseconds: number = DEADLINE_MS): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** An item's answer with its tensors' bytes, or its failure. */
export type ItemAnswer = { readonly outputs: readonly Tensor[] } | FailureMessage;

/** Speaks to a worker as a gateway does. */
export class WireClient {
  readonly connection: FrameConnection;
  readonly #waiting = new Map<number, (answer: { header: InferResultMessage; body: Uint8Array } | FailureMessage) => void>();
  #nextId = 1;

  constructor(connection: FrameConnection) {
    this.connection = connection;
    connection.handle({
      onFrame: (frame) => {
        const settle = this.#waiting.get(frame.id);
        this.#waiting.delete(frame.id);
        settle?.(frame.type === FrameType.failure ? (frame.header as FailureMessage) : { header: frame.header as InferResultMessage, body: frame.body });
      },
      onClose: () => {
        for (const settle of this.#waiting.values()) settle({ code: 'REPLICA_FAILED', error: 'connection closed' });
        this.#waiting.clear();
      },
    });
  }

  static async dial(handle: WorkerHandle): Promise<WireClient> {
    const { connection } = await dial(handle.socketPath, { role: 'gateway', token: handle.record.token }, DEADLINE_MS);
    return new WireClient(connection);
  }

  /** Sends the header as it is. */
  send(header: unknown, body: readonly Uint8Array[]): Promise<{ header: InferResultMessage; body: Uint8Array } | FailureMessage> {
    const id = this.#nextId++;
    if (!this.connection.open) return Promise.resolve({ code: 'REPLICA_FAILED', error: 'connection closed' });
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.connection.send(FrameType.infer, id, header, body);
    });
  }

  /** Runs items in one frame. */
  async infer(items: readonly { inputs: readonly Tensor[]; outputs?: readonly string[] }[]): Promise<{ items: ItemAnswer[]; header: InferResultMessage }> {
    const wire: InferItem[] = items.map(({ inputs, outputs }) => ({
      inputs: inputs.map(({ name, datatype, shape, data }) => ({ name, datatype, shape, bytes: data.byteLength })),
      ...(outputs ? { outputs } : {}),
    }));
    const answer = await within('answer', this.send({ items: wire }, items.flatMap(({ inputs }) => inputs.map((tensor) => tensor.data))));
    if ('code' in answer) throw new Error(`${answer.code}: ${answer.error}`);
    return { items: readItems(answer.header, answer.body), header: answer.header };
  }

  close(): void {
    this.connection.destroy();
  }
}

function readItems(header: InferResultMessage, body: Uint8Array): ItemAnswer[] {
  let at = 0;
  return header.items.map((item) => {
    if (!('outputs' in item)) return item;
    return {
      outputs: item.outputs.map(({ name, datatype, shape, bytes }) => {
        const data = body.subarray(at, at + bytes);
        at += bytes;
        return { name, datatype: datatype as Datatype, shape, data };
      }),
    };
  });
}
