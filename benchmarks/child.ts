/** Calls between the benchmark and its child processes, over Node's own channel. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

interface Call {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}
interface Reply {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** A process of our own that answers calls; it ends when we do. */
export class Child {
  readonly process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;

  constructor(script: string) {
    this.process = fork(script, [], { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
    this.process.on('message', (message) => this.#settle(message as Reply));
    this.process.on('exit', (code, signal) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${script} ended with ${code ?? signal}`));
      this.#waiting.clear();
    });
  }

  call<T>(method: string, argument?: unknown): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const id = this.#calls++;
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.process.send({ id, method, argument } satisfies Call, (error) => error && this.#settle({ id, error: error.message }));
    });
  }

  async dispose(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  #settle({ id, value, error }: Reply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
  }
}

/** The child's side: answers calls with these handlers until the parent has gone. */
export function answerCalls(handlers: Readonly<Record<string, (argument: never) => unknown>>): void {
  process.on('disconnect', () => process.exit());
  // Ctrl-C in the terminal reaches us too; the parent decides when we end.
  process.on('SIGINT', () => undefined);
  process.on('message', async (message) => {
    const { id, method, argument } = message as Call;
    const reply = await Promise.resolve()
      .then(() => handlers[method]?.(argument as never))
      .then((value): Reply => ({ id, value }), (error: Error): Reply => ({ id, error: error.message }));
    process.send?.(reply);
  });
}
