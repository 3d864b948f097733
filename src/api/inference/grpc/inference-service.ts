import { LeptonError } from '../../../core/index.ts';
import { noSharedMemory, show } from '../codec/index.ts';
import type { FrontDependencies } from '../front.ts';
import { logSettings, updateLogSettings } from '../log-settings.ts';
import { changeModel, indexOf } from '../model-control.ts';
import { modelConfig, modelMetadata, modelReady, modelStatistics, serverMetadata } from '../model-info.ts';
import { traceSettings, updateTraceSettings } from '../trace-settings.ts';
import { type Answer, messageMethod } from './message-method.ts';
import { createStreamInfer } from './stream-infer.ts';
import type { GrpcCall, Method } from './server/index.ts';
import { createUnaryInfer } from './unary-infer.ts';

/** A question's fields, as far as questions have them. */
interface Question {
  readonly name: string;
  readonly version: string;
}
type Setting = { readonly parameter_choice?: string } & Readonly<Record<string, unknown>>;
interface ModelChangeMessage {
  readonly repository_name: string;
  readonly model_name: string;
  readonly parameters: Readonly<Record<string, Setting>>;
}

const SERVICE = 'inference.GRPCInferenceService';

/** The Open Inference Protocol v2 with Triton's extensions, by path. */
export function inferenceMethods(dependencies: FrontDependencies): Iterable<[string, Method]> {
  const methods: [string, Method][] = [
    [`/${SERVICE}/ModelInfer`, { unary: createUnaryInfer(dependencies) }],
    [`/${SERVICE}/ModelStreamInfer`, { stream: createStreamInfer(dependencies) }],
  ];
  for (const [name, answer] of Object.entries(answers(dependencies))) methods.push([`/${SERVICE}/${name}`, { unary: messageMethod(dependencies, `inference.${name}Request`, `inference.${name}Response`, answer) }]);
  return methods;
}

function answers(dependencies: FrontDependencies): Readonly<Record<string, Answer>> {
  const { plane } = dependencies;
  return {
    ServerLive: () => ({ live: true }),
    ServerReady: () => ({ ready: plane.serverReady }),
    ServerMetadata: () => serverMetadata(dependencies),
    ModelReady: ({ name, version }: Question, call) => ({ ready: isReady(dependencies, name, version, call) }),
    ModelMetadata: ({ name, version }: Question, call) => {
      const metadata = about(call, modelMetadata(plane, name, version || null, call));
      return { ...metadata, inputs: metadata.inputs.map(withParameterMessages), outputs: metadata.outputs.map(withParameterMessages) };
    },
    ModelConfig: ({ name, version }: Question, call) => ({ config: about(call, modelConfig(plane, name, version || null, call)) }),
    ModelStatistics: ({ name, version }: Question, call) => modelStatistics(plane, name || null, version || null, call),
    RepositoryIndex: async ({ repository_name, ready }: { repository_name: string; ready: boolean }) => {
      refuseRepositoryName(repository_name);
      return { models: await indexOf(dependencies, ready) };
    },
    RepositoryModelLoad: (request: ModelChangeMessage, call) => change(dependencies, 'load', request, call),
    RepositoryModelUnload: (request: ModelChangeMessage, call) => change(dependencies, 'unload', request, call),
    LogSettings: async ({ settings }: { settings: Readonly<Record<string, Setting>> }) => {
      const inForce = Object.keys(settings).length ? await updateLogSettings(dependencies, valuesOf(settings, 'settings')) : logSettings(dependencies);
      return { settings: Object.fromEntries(Object.entries(inForce).map(([name, value]) => [name, settingOf(value)])) };
    },
    TraceSetting: ({ settings, model_name }: { settings: Readonly<Record<string, { value: readonly string[] }>>; model_name: string }) => {
      // A setting without values is cleared.
      const changes = Object.fromEntries(Object.entries(settings).map(([name, { value }]) => [name, value.length ? value : null]));
      const inForce = Object.keys(settings).length ? updateTraceSettings(plane, model_name || null, changes) : traceSettings(plane, model_name || null);
      return { settings: Object.fromEntries(Object.entries(inForce).map(([name, value]) => [name, { value: typeof value === 'string' ? [value] : value }])) };
    },
    // Clients that use shared memory begin and end with these; that there is none is no error.
    SystemSharedMemoryStatus: () => ({ regions: {} }),
    SystemSharedMemoryUnregister: () => ({}),
    SystemSharedMemoryRegister: refuseSharedMemory,
    CudaSharedMemoryStatus: () => ({ regions: {} }),
    CudaSharedMemoryUnregister: () => ({}),
    CudaSharedMemoryRegister: refuseSharedMemory,
  };
}

/** Whether it is ready has an answer for what is not there: no. Triton's clients expect it over gRPC. */
function isReady({ plane }: FrontDependencies, name: string, version: string, call: GrpcCall): boolean {
  try {
    return about(call, modelReady(plane, name, version || null, call));
  } catch (error) {
    if (error instanceof LeptonError && error.httpStatus === 404) return false;
    throw error;
  }
}

function about<T>(call: GrpcCall, { version, body }: { version: string; body: T }): T {
  call.metadata['lepton-version'] = version;
  return body;
}

/** `map<string, InferParameter>` for what is plain over REST. */
function withParameterMessages({ parameters, ...tensor }: { readonly parameters?: Readonly<Record<string, boolean>> }): object {
  return parameters ? { ...tensor, parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, { bool_param: value }])) } : tensor;
}

/** The protocol names a model only; our parameter `version` names one version of it. */
async function change(dependencies: FrontDependencies, action: 'load' | 'unload', { repository_name, model_name, parameters }: ModelChangeMessage, call: GrpcCall): Promise<object> {
  refuseRepositoryName(repository_name);
  const { version, ...others } = valuesOf(parameters, 'parameters');
  if (version !== undefined && typeof version !== 'string') throw new LeptonError('INVALID_ARGUMENT', `parameters.version must be the name of a version, not ${show(version)}`);
  await changeModel(dependencies, action, model_name, version || null, others, call);
  return {};
}

/** The values of a map of `oneof`s. */
function valuesOf(settings: Readonly<Record<string, Setting>>, field: string): Readonly<Record<string, unknown>> {
  const entries = Object.entries(settings).map(([name, setting]) => {
    if (setting.parameter_choice === undefined) throw new LeptonError('INVALID_ARGUMENT', `${field}.${name.slice(0, 100)} has no value`);
    return [name, setting[setting.parameter_choice]];
  });
  return Object.fromEntries(entries);
}

function settingOf(value: string | boolean | number): object {
  if (typeof value === 'boolean') return { bool_param: value };
  return typeof value === 'number' ? { uint32_param: value } : { string_param: value };
}

function refuseRepositoryName(name: string): void {
  if (name !== '') throw new LeptonError('UNSUPPORTED', `repository_name '${name.slice(0, 100)}': this server has one model repository; leave it empty`);
}

function refuseSharedMemory(): never {
  throw noSharedMemory();
}
