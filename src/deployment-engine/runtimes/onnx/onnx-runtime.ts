import { childEnvironment, programPath } from '../../../config/index.ts';
import type { Runtime, WorkerCommand } from '../runtime.ts';

/** The Node worker. No V8 flags: its heap is 7 MB of its 100, and neither smaller semi-spaces nor fewer V8 threads changed memory or latency when measured. */
export const nodeWorkerCommand: WorkerCommand = (configPath) => ({
  file: process.execPath,
  args: [programPath('worker'), configPath],
  env: childEnvironment(),
});

/** ONNX models in a Node worker with onnxruntime-node, which is there already. */
export const onnxRuntime: Runtime = { prepare: async () => nodeWorkerCommand };
