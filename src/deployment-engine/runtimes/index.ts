import { isPythonFormat, type ModelFormat } from '../../core/index.ts';
import { onnxRuntime } from './onnx/onnx-runtime.ts';
import type { Environments } from './python/environments/environments.ts';
import { PythonRuntime } from './python/python-runtime.ts';
import type { Runtime } from './runtime.ts';

export { nodeWorkerCommand } from './onnx/onnx-runtime.ts';
export { Environments, type EnvironmentsOptions } from './python/environments/environments.ts';
export type { Preparation, ProgramCommand, Runtime, WorkerCommand } from './runtime.ts';

/** The runtime that serves a format. */
export type RuntimeFor = (format: ModelFormat) => Runtime;

export function runtimesWith(environments: Environments): RuntimeFor {
  const pythonRuntime = new PythonRuntime(environments);
  return (format) => (isPythonFormat(format) ? pythonRuntime : onnxRuntime);
}
