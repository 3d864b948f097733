/** Triton's trace extension, as far as it means something: nothing here writes traces, and the answers say so. */
import { LeptonError } from '../../core/index.ts';
import { show } from './codec/index.ts';
import type { DataPlane } from './dispatch/index.ts';

/** Triton's defaults, which are what is in force. */
const SETTINGS = { trace_level: ['OFF'], trace_rate: '1000', trace_count: '-1', log_frequency: '0', trace_file: '', trace_mode: 'triton' } as const;

export type TraceSettings = Readonly<Record<string, string | readonly string[]>>;

/** Of everything, or of one model. Throws MODEL_NOT_FOUND. */
export function traceSettings(plane: DataPlane, model: string | null): TraceSettings {
  if (model !== null) plane.service(model);
  return SETTINGS;
}

/** Takes what is so already and what clears a setting; anything else would be a promise that nothing keeps. */
export function updateTraceSettings(plane: DataPlane, model: string | null, changes: Readonly<Record<string, unknown>>): TraceSettings {
  const settings = traceSettings(plane, model);
  for (const [key, value] of Object.entries(changes)) {
    if (!Object.hasOwn(settings, key)) throw new LeptonError('INVALID_ARGUMENT', `${show(key)} is not a trace setting; known: ${Object.keys(settings).join(', ')}`);
    if (value !== null && textOf(value) !== textOf(settings[key])) throw new LeptonError('UNSUPPORTED', `${key}: ${show(Array.isArray(value) ? value.map(wordOf).join(', ') : value)} is not possible; this server writes no traces. Where time goes stands in each answer's server-timing header and in /metrics`);
  }
  return settings;
}

/** Clients send texts, lists of them and numbers for the same thing. */
const textOf = (value: unknown): string => (Array.isArray(value) ? value.map(wordOf).join(',') : wordOf(value));

/** Lists in lists and objects are nothing that a setting could be, and may nest too deeply for JavaScript's own text. */
const wordOf = (value: unknown): string => (typeof value === 'object' ? show(value) : String(value));
