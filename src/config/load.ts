import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { LeptonError, nearest } from '../core/index.ts';
import { isLoopback, parseSetting } from './parse.ts';
import { CLIENT_VARIABLES, SETTINGS, type Setting } from './settings.ts';
import type { PlatformConfig } from './types.ts';

export interface ConfigSources {
  /** By flag name without dashes, as typed: `{'data-dir': './data'}`; `config` names the file. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface LoadedConfig {
  readonly config: PlatformConfig;
  /** For the person who starts the server. */
  readonly warnings: readonly string[];
}

/**
 * Flags before environment before file before defaults; validated, complete, frozen. Relative paths start from the working
 * directory, those of the file from the file's own. Throws INVALID_ARGUMENT naming the place and the nearest known key.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  refuseUnknownFlags(sources.flags);
  const file = readFile(sources);
  const values = new Map(SETTINGS.map((setting) => [setting.name, settingValue(setting, sources, file)]));
  const groups = [...GROUPS].map((group) => [group, valuesOf(values, `${group}.`)] as const);
  const config = deepFreeze({ ...valuesOf(values, ''), ...Object.fromEntries(groups) }) as unknown as PlatformConfig;
  return { config, warnings: [...exposureWarnings(config), ...unknownVariables(sources.env)] };
}

/** Settings whose names are `<group>.<name>` stand together in an object. */
const GROUPS: ReadonlySet<string> = new Set(SETTINGS.flatMap(({ name }) => (name.includes('.') ? [name.slice(0, name.indexOf('.'))] : [])));

/** What begins so, without its beginning and as far as it is no group's. */
function valuesOf(values: ReadonlyMap<string, unknown>, start: string): Record<string, unknown> {
  const found = [...values].filter(([name]) => name.startsWith(start)).map(([name, value]) => [name.slice(start.length), value] as const);
  return Object.fromEntries(found.filter(([name]) => !name.includes('.')));
}

/** Settings that may be lists of texts in the file. */
const LISTS: ReadonlySet<string> = new Set(SETTINGS.flatMap(({ name, type }) => (type === 'patterns' ? [name] : [])));

interface ConfigFile {
  readonly path: string;
  /** Texts by setting name. */
  readonly texts: ReadonlyMap<string, string>;
}

function settingValue(setting: Setting, { flags, env, cwd }: ConfigSources, file: ConfigFile | undefined): unknown {
  const flag = flags[setting.flag];
  if (flag !== undefined) return parseSetting(setting, flag, cwd, `--${setting.flag}`);
  const variable = env[setting.env];
  if (variable !== undefined && variable !== '') return parseSetting(setting, variable, cwd, setting.env);
  const text = file?.texts.get(setting.name);
  if (file && text !== undefined) return parseSetting(setting, text, dirname(file.path), `${file.path}: ${setting.name}`);
  return setting.default === null ? null : parseSetting(setting, setting.default, cwd, 'default');
}

function refuseUnknownFlags(flags: ConfigSources['flags']): void {
  const known = ['config', ...SETTINGS.map(({ flag }) => flag)];
  for (const flag of Object.keys(flags)) if (!known.includes(flag)) throw unknownKey('flag', `--${flag}`, flag, known);
}

function readFile({ flags, env, cwd }: ConfigSources): ConfigFile | undefined {
  const named = flags.config ?? (env.LEPTON_CONFIG || undefined);
  if (named === undefined) return undefined;
  const path = resolve(cwd, named);
  if (!existsSync(path)) throw new LeptonError('INVALID_ARGUMENT', `configuration file ${path} does not exist`);
  return { path, texts: fileTexts(path, parseFile(path)) };
}

function parseFile(path: string): unknown {
  try {
    return parseYaml(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `${path}: ${(cause as Error).message}`, { cause });
  }
}

/** The file's tree as texts by dotted setting name. */
function fileTexts(path: string, tree: unknown): ReadonlyMap<string, string> {
  const known = SETTINGS.map(({ name }) => name);
  const texts = new Map<string, string>();
  for (const [key, value] of entriesOf(path, '', tree)) {
    const inner = GROUPS.has(key) ? entriesOf(path, key, value).map(([name, one]) => [`${key}.${name}`, one] as const) : [[key, value] as const];
    for (const [name, one] of inner) {
      if (!known.includes(name)) throw unknownKey('key', `${path}: ${name}`, name, known);
      if (one !== null) texts.set(name, scalarText(path, name, one));
    }
  }
  return texts;
}

function entriesOf(path: string, name: string, value: unknown): [string, unknown][] {
  if (value === null || value === undefined) return [];
  if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
  throw new LeptonError('INVALID_ARGUMENT', `${path}: ${name || 'the file'} must hold keys and values`);
}

function scalarText(path: string, name: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (value === false && name === 'grpc') return 'off';
  if (Array.isArray(value) && LISTS.has(name) && value.every((line) => typeof line === 'string')) return value.join('\n');
  throw new LeptonError('INVALID_ARGUMENT', `${path}: ${name} must be a text or a number, but is ${JSON.stringify(value)}`);
}

function unknownKey(kind: string, place: string, key: string, known: readonly string[]): LeptonError {
  const meant = nearest(key, known);
  return new LeptonError('INVALID_ARGUMENT', `${place}: unknown ${kind}${meant ? `; did you mean ${meant}?` : ''}`);
}

function exposureWarnings(config: PlatformConfig): string[] {
  const open = [config.http, config.grpc].filter((address) => address !== null && !isLoopback(address.host));
  return open.map((address) => `${address?.host}:${address?.port} can be reached from other machines, and there is no authentication yet: whoever reaches it can do everything`);
}

function unknownVariables(env: ConfigSources['env']): string[] {
  const known = [...Object.keys(CLIENT_VARIABLES), ...SETTINGS.map((setting) => setting.env)];
  return Object.keys(env).filter((name) => name.startsWith('LEPTON_') && !known.includes(name)).map((name) => `environment variable ${name} is not known${nearest(name, known) ? `; did you mean ${nearest(name, known)}?` : ''}`);
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
