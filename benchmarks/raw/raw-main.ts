/** onnxruntime alone: one process that runs the same inputs in a loop, with the options that a worker uses. */
import * as ort from 'onnxruntime-node';
import { answerCalls } from '../child.ts';
import { type BenchTensor, elementsOf, tensorOf } from '../requests/tensor.ts';
import type { RawLoad, RawRound } from './raw-process.ts';

const OPTIONS: ort.InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
};

const sessions = new Map<string, ort.InferenceSession>();

async function sessionOf(file: string): Promise<ort.InferenceSession> {
  const session = sessions.get(file) ?? (await ort.InferenceSession.create(file, OPTIONS));
  sessions.set(file, session);
  return session;
}

const feedsOf = (inputs: readonly BenchTensor[]): Record<string, ort.Tensor> =>
  Object.fromEntries(inputs.map((tensor) => [tensor.name, new ort.Tensor(tensor.datatype === 'FP32' ? 'float32' : 'int32', elementsOf(tensor) as Float32Array, tensor.shape)]));

answerCalls({
  answers: async ({ file, samples }: RawLoad): Promise<BenchTensor[][]> => {
    const session = await sessionOf(file);
    const answers: BenchTensor[][] = [];
    for (const inputs of samples) {
      const outputs = await session.run(feedsOf(inputs));
      answers.push(session.outputNames.map((name) => tensorOf(name, (outputs[name] as ort.Tensor).dims, (outputs[name] as ort.Tensor).data as Float32Array)));
    }
    return answers;
  },
  loop: async ({ file, samples, milliseconds }: RawLoad & { milliseconds: number }): Promise<RawRound> => {
    const session = await sessionOf(file);
    const feeds = samples.map(feedsOf);
    const cpu = process.cpuUsage();
    const start = performance.now();
    let runs = 0;
    for (; performance.now() - start < milliseconds; runs++) await session.run(feeds[runs % feeds.length] as Record<string, ort.Tensor>);
    const used = process.cpuUsage(cpu);
    return { runs, seconds: (performance.now() - start) / 1000, cpuSeconds: (used.user + used.system) / 1e6 };
  },
});
