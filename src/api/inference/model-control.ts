/**
 * The model repository extension: what is there, and loading and unloading of a service or of one of its versions. The
 * gateway's own table says what serves; the rest is asked of control. Both fronts speak through this.
 */
import { asLeptonError, LeptonError } from '../../core/index.ts';
import { isObject, show } from './codec/index.ts';
import type { CallContext, DataPlane } from './dispatch/index.ts';
import { type IndexEntry, modelConfig, repositoryIndex } from './model-info.ts';

export const MODEL_ACTIONS = ['load', 'unload', 'drain', 'warm'] as const;
/** `load`: takes its traffic. `warm`: only requests that name it. `drain`: no new requests, stays in memory. `unload`: memory comes back. */
export type ModelAction = (typeof MODEL_ACTIONS)[number];

export interface ModelChange {
  readonly action: ModelAction;
  readonly model: string;
  /** null: the whole service. */
  readonly version: string | null;
  /** Also where it leaves nobody to answer requests that name no version. */
  readonly force: boolean;
  /** Who asks; undefined: unknown. */
  readonly by: string | undefined;
}

/** What control does for the fronts. Without control both reject with CONTROL_UNAVAILABLE. */
export interface ModelControl {
  /** Repositories that no service serves and that a load would bring up. */
  loadable(): Promise<readonly { readonly name: string; readonly version: string }[]>;
  /** Resolves when the change is in force: loaded and ready, or empty of requests; rejects with the version's own reason. */
  change(change: ModelChange): Promise<void>;
}

interface Dependencies {
  readonly plane: DataPlane;
  readonly models: ModelControl;
}

/** Every version of every service and, unless only what is ready is asked for, the repositories that could be loaded. */
export async function indexOf({ plane, models }: Dependencies, readyOnly: boolean): Promise<readonly IndexEntry[]> {
  const served = repositoryIndex(plane, readyOnly);
  if (readyOnly) return served;
  // While control is away the table is what is known.
  const loadable = await models.loadable().catch(() => []);
  return [...served, ...loadable.map(({ name, version }) => ({ name, version, state: 'UNAVAILABLE' as const, reason: 'registered, but no service runs it: load it' }))];
}

/** Parameters of a load or unload, as they come from JSON or protobuf. */
export type ModelParameters = Readonly<Record<string, unknown>>;

/** Does what a client asks of a model, or of one version. Rejects with INVALID_ARGUMENT or UNSUPPORTED for parameters that can't be honoured. */
export async function changeModel(dependencies: Dependencies, action: ModelAction, model: string, version: string | null, parameters: ModelParameters, context: CallContext): Promise<void> {
  try {
    checkParameters(dependencies.plane, action, model, version, parameters, context);
    await dependencies.models.change({ action, model, version, force: parameters.force === true, by: context.header('lepton-user') });
  } catch (error) {
    throw action === 'load' ? failedToLoad(model, error) : error;
  }
}

/** Every refused load begins with Triton's words, for which its clients look. */
function failedToLoad(model: string, error: unknown): LeptonError {
  const known = asLeptonError(error);
  if (known.message.startsWith('failed to load')) return known;
  return new LeptonError(known.code, `failed to load '${model.slice(0, 200)}', ${known.message}`, { cause: error, ...(known.retryAfterSeconds !== undefined && { retryAfterSeconds: known.retryAfterSeconds }), ...(known.details && { details: known.details }) });
}

function checkParameters(plane: DataPlane, action: ModelAction, model: string, version: string | null, parameters: ModelParameters, context: CallContext): void {
  for (const [name, value] of Object.entries(parameters)) {
    if (name.startsWith('file:')) throw new LeptonError('UNSUPPORTED', `parameters.${show(name)}: files can't be replaced at load, since versions never change; publish another version (lepton-ai push) and deploy it`);
    if (name === 'config' && action === 'load') checkConfig(plane, model, version, value, context);
    // No model of ours depends on another, so there is nothing to leave loaded.
    else if ((name === 'unload_dependents' && action === 'unload') || (name === 'force' && action !== 'load')) checkBoolean(name, value);
    else throw new LeptonError('INVALID_ARGUMENT', `parameters.${show(name)} is not known for ${action}; known: ${action === 'load' ? 'config' : action === 'unload' ? 'unload_dependents, force' : 'force'}`);
  }
}

function checkBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw new LeptonError('INVALID_ARGUMENT', `parameters.${name} must be true or false, not ${show(value)}`);
}

/** A configuration that says what is so anyway is no override; protobuf's JSON may write a number as text. */
function checkConfig(plane: DataPlane, model: string, version: string | null, value: unknown, context: CallContext): void {
  if (typeof value !== 'string') throw new LeptonError('INVALID_ARGUMENT', `parameters.config must be a model configuration as JSON text, not ${show(value)}`);
  const asked = configOf(value);
  const served = [...plane.services()].some(({ route }) => route.service === model);
  const known: Readonly<Record<string, unknown>> = served ? modelConfig(plane, model, version, context).body : { name: model };
  const other = Object.keys(asked).find((key) => JSON.stringify(asked[key]) !== JSON.stringify(known[key]) && !(typeof known[key] === 'number' && asked[key] === String(known[key])));
  if (other !== undefined) throw new LeptonError('UNSUPPORTED', `parameters.config: ${other.slice(0, 100)} would become ${show(asked[other])}, but a version's configuration can't be overridden at load; set it with lepton-ai deploy, or publish another version`);
}

function configOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text || '{}');
    // What nests too deeply to be written again could not be compared.
    JSON.stringify(value);
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof RangeError) throw new LeptonError('INVALID_ARGUMENT', 'parameters.config is nested too deeply', { cause: error });
  }
  throw new LeptonError('INVALID_ARGUMENT', `parameters.config is not a JSON object: ${show(text)}`);
}
