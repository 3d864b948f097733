import type { ModelFormat } from '../../core/index.ts';
import { onnxRuntime } from './onnx/onnx-runtime.ts';
import type { Runtime } from './runtime.ts';

export type { ProgramCommand, Runtime } from './runtime.ts';

const RUNTIMES: Readonly<Record<ModelFormat, Runtime>> = { onnx: onnxRuntime };

/** The runtime that serves a format. */
export const runtimeFor = (format: ModelFormat): Runtime => RUNTIMES[format];
