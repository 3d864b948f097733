import type { InferenceClient, InferenceInput, ModelMetadata, TensorData } from '../../clients/typescript/src/index.ts';
import { SAMPLE_RATE } from './wav.ts';

export const SESSION_HEADER = 'x-session';
/** Probability from which a window counts as speech; the model's own default. */
const THRESHOLD = 0.5;

/** What one window was found to be. */
export interface Window {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly speech: boolean;
  readonly version: string;
}

/** How audio becomes requests for one signature of the model, and what is carried from window to window. */
interface Protocol {
  /** New samples of each request. */
  readonly windowSamples: number;
  request(samples: Float32Array): InferenceInput;
  keep(outputs: Readonly<Record<string, { readonly data: TensorData }>>): void;
}

const RATE: InferenceInput[string] = { data: new BigInt64Array([BigInt(SAMPLE_RATE)]), shape: [], datatype: 'INT64' };
const floats = (data: Float32Array, shape: readonly number[]): InferenceInput[string] => ({ data, shape, datatype: 'FP32' });

/** v4: 1,536 new samples, and an LSTM's two states. */
class TwoStates implements Protocol {
  readonly windowSamples = 1536;
  #h = new Float32Array(128);
  #c = new Float32Array(128);

  request(samples: Float32Array): InferenceInput {
    return { input: floats(samples, [1, samples.length]), sr: RATE, h: floats(this.#h, [2, 1, 64]), c: floats(this.#c, [2, 1, 64]) };
  }
  keep(outputs: Parameters<Protocol['keep']>[0]): void {
    this.#h = outputs['hn']?.data as Float32Array<ArrayBuffer>;
    this.#c = outputs['cn']?.data as Float32Array<ArrayBuffer>;
  }
}

/** v5 and later: 512 new samples after the last 64 of the window before, and one state. */
class OneState implements Protocol {
  readonly windowSamples = 512;
  #context = new Float32Array(64);
  #state = new Float32Array(256);

  request(samples: Float32Array): InferenceInput {
    const input = new Float32Array(64 + samples.length);
    input.set(this.#context);
    input.set(samples, 64);
    this.#context = samples.slice(-64);
    return { input: floats(input, [1, input.length]), state: floats(this.#state, [2, 1, 128]), sr: RATE };
  }
  keep(outputs: Parameters<Protocol['keep']>[0]): void {
    this.#state = outputs['stateN']?.data as Float32Array<ArrayBuffer>;
  }
}

function protocolOf(metadata: ModelMetadata): Protocol {
  const names = new Set(metadata.inputs.map(({ name }) => name));
  if (names.has('h') && names.has('c')) return new TwoStates();
  if (names.has('state')) return new OneState();
  throw new Error(`no way is known to feed ${metadata.name} with inputs ${[...names].join(', ')}`);
}

export interface ListenOptions {
  readonly service: string;
  /** Pins the version; absent: the traffic policy decides by the session. */
  readonly version?: string;
  readonly session: string;
  readonly fromSeconds?: number;
  readonly seconds?: number;
  /** Wait before each request, so that a session lasts longer than its audio needs, milliseconds. */
  readonly paceMs?: number;
}

/**
 * One listener: asks which version, and so which signature, its session gets, then sends the audio window by window. If its
 * session is given to another version on the way, it starts afresh with that one's signature and empty states.
 */
export async function listen(client: InferenceClient, samples: Float32Array, options: ListenOptions): Promise<readonly Window[]> {
  const headers = { [SESSION_HEADER]: options.session };
  const call = { headers, ...(options.version === undefined ? {} : { version: options.version }) };
  let metadata = await client.metadata(options.service, call);
  let protocol = protocolOf(metadata);
  const windows: Window[] = [];
  const end = Math.min(samples.length, ((options.fromSeconds ?? 0) + (options.seconds ?? Infinity)) * SAMPLE_RATE);
  for (let at = (options.fromSeconds ?? 0) * SAMPLE_RATE; at + protocol.windowSamples <= end; ) {
    if (options.paceMs) await new Promise((resolve) => setTimeout(resolve, options.paceMs));
    const size = protocol.windowSamples;
    const { version, outputs } = await client.infer(options.service, protocol.request(samples.slice(at, at + size)), call);
    windows.push({ startSeconds: at / SAMPLE_RATE, endSeconds: (at + size) / SAMPLE_RATE, speech: Number(outputs['output']?.data[0]) >= THRESHOLD, version });
    at += size;
    if (version === metadata.version) {
      protocol.keep(outputs);
    } else {
      metadata = await client.metadata(options.service, call);
      protocol = protocolOf(metadata);
    }
  }
  return windows;
}
