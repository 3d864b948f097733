import { childEnvironment, programPath } from '../../../config/index.ts';
import type { Runtime } from '../runtime.ts';

/**
 * ONNX models in a Node worker with onnxruntime-node. No V8 flags: a worker's heap is 7 MB of its 100, and neither smaller
 * semi-spaces nor fewer V8 threads changed memory or latency when measured.
 */
export const onnxRuntime: Runtime = {
  format: 'onnx',
  command: (configPath) => ({
    file: process.execPath,
    args: [programPath('worker'), configPath],
    env: childEnvironment(),
  }),
};
