import { childEnvironment, programPath } from '../../../config/index.ts';
import type { Runtime } from '../runtime.ts';

/** ONNX models in a Node worker with onnxruntime-node. */
export const onnxRuntime: Runtime = {
  format: 'onnx',
  command: (configPath) => ({
    file: process.execPath,
    args: [...NODE_FLAGS, programPath('worker'), configPath],
    env: childEnvironment(),
  }),
};

const NODE_FLAGS: readonly string[] = [];
