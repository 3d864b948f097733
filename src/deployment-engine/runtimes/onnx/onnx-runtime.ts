import { childEnvironment, NODE_ENVIRONMENT, NODE_FLAGS, programFiles, programPath } from '../../../config/index.ts';
import type { Runtime, WorkerCommand } from '../runtime.ts';

/** The Node worker. */
export const nodeWorkerCommand: WorkerCommand = (configPath) => ({
  file: process.execPath,
  args: [...NODE_FLAGS, programPath('worker'), configPath],
  env: childEnvironment(NODE_ENVIRONMENT),
  reads: programFiles(),
});

/** ONNX models in a Node worker with onnxruntime-node, which is there already. */
export const onnxRuntime: Runtime = { prepare: async () => nodeWorkerCommand };
