/** Triton's log extension: the keys that its clients know, over what gateways log. */
import { LeptonError, type LogSettings } from '../../core/index.ts';
import { show } from './codec/index.ts';

/** What control does for the fronts: settings are those of every gateway. */
export interface LogControl {
  /** In force here. */
  current(): LogSettings;
  /** Resolves when they are in force in every gateway; rejects with CONTROL_UNAVAILABLE. */
  update(changes: Partial<LogSettings>): Promise<void>;
}

type Key = 'log_file' | 'log_info' | 'log_warning' | 'log_error' | 'log_verbose_level' | 'log_format';
const KEYS: readonly Key[] = ['log_file', 'log_info', 'log_warning', 'log_error', 'log_verbose_level', 'log_format'];
const FORMATS = { default: 'epoch', ISO8601: 'iso8601' } as const;
const VERBOSE_MAX = 2 ** 32 - 1;

export type TritonLogSettings = Readonly<Record<Key, string | boolean | number>>;

export function logSettings({ logging }: { readonly logging: LogControl }): TritonLogSettings {
  const { info, warning, error, verboseLevel, timeFormat } = logging.current();
  return { log_file: '', log_info: info, log_warning: warning, log_error: error, log_verbose_level: verboseLevel, log_format: timeFormat === 'iso8601' ? 'ISO8601' : 'default' };
}

/** Changes what is named, for all gateways; resolves with all settings. Rejects with INVALID_ARGUMENT before anything has changed. */
export async function updateLogSettings(dependencies: { readonly logging: LogControl }, changes: Readonly<Record<string, unknown>>): Promise<TritonLogSettings> {
  const asked = Object.assign({}, ...Object.entries(changes).map(([key, value]) => changeOf(key, value))) as Partial<LogSettings>;
  if (Object.keys(asked).length) await dependencies.logging.update(asked);
  return logSettings(dependencies);
}

function changeOf(key: string, value: unknown): Partial<LogSettings> {
  switch (key as Key) {
    case 'log_info':
      return { info: boolean(key, value) };
    case 'log_warning':
      return { warning: boolean(key, value) };
    case 'log_error':
      return { error: boolean(key, value) };
    case 'log_verbose_level':
      return { verboseLevel: level(key, value) };
    case 'log_format':
      return { timeFormat: format(key, value) };
    case 'log_file':
      if (value === '') return {};
      throw new LeptonError('UNSUPPORTED', `${key}: ${show(value)} is not possible; gateways write to the log in the data directory, and where that is is decided at start`);
    default:
      throw new LeptonError('INVALID_ARGUMENT', `${show(key)} is not a log setting; known: ${KEYS.join(', ')}`);
  }
}

function boolean(key: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new LeptonError('INVALID_ARGUMENT', `${key} must be true or false, not ${show(value)}`);
}

function level(key: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= VERBOSE_MAX) return value;
  throw new LeptonError('INVALID_ARGUMENT', `${key} must be a whole number ≥ 0, not ${show(value)}`);
}

function format(key: string, value: unknown): LogSettings['timeFormat'] {
  if (typeof value === 'string' && Object.hasOwn(FORMATS, value)) return FORMATS[value as keyof typeof FORMATS];
  throw new LeptonError('INVALID_ARGUMENT', `${key} must be ${Object.keys(FORMATS).join(' or ')}, not ${show(value)}`);
}
