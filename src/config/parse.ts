import { resolve } from 'node:path';
import { LeptonError, parseBytes, parseMilliseconds } from '../core/index.ts';
import type { ListenAddress } from '../wire/index.ts';
import { LOG_LEVELS, type Setting } from './settings.ts';

/** `host:port`, `[v6]:port`, `:port` and `port`; without a host: loopback. Undefined when it is none. */
export function parseAddress(text: string): ListenAddress | undefined {
  const match = /^(?:(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]*)):)?(\d{1,5})$/i.exec(text.trim());
  const port = Number(match?.[3]);
  if (!match || port > 65535) return undefined;
  return { host: match[1] ?? (match[2] || '127.0.0.1'), port };
}

/** Whether only this machine can reach the host. */
export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/**
 * The value of a setting from its text. `base` is what a relative path starts from, `origin` names where the text stands
 * (`--http`, `LEPTON_HTTP`, `lepton.yaml: http`). Throws INVALID_ARGUMENT.
 */
export function parseSetting(setting: Setting, text: string, base: string, origin: string): unknown {
  const value = parseText(setting, text, base);
  if (value !== undefined) return value;
  // A URL may hold a password.
  const shown = setting.type === 'postgres-url' ? text.replace(/:.*$/s, '://…') : text;
  throw new LeptonError('INVALID_ARGUMENT', `${origin}: ${JSON.stringify(shown)} is not ${FORMS[setting.type]}`);
}

const FORMS: Readonly<Record<Setting['type'], string>> = {
  path: 'a path',
  'postgres-url': 'a URL such as postgres://user@host/database; Postgres is the one external database',
  address: 'an address such as 127.0.0.1:8080',
  'address-or-off': 'an address such as 127.0.0.1:8081, or off',
  bytes: 'a size such as 256MiB',
  milliseconds: 'a time such as 30s or 1500ms',
  count: 'a whole number above 0',
  text: 'a text of 1 to 128 printable characters',
  patterns: 'one to 50 regular expressions of at most 500 characters, one a line, that match no empty text',
  'on-or-off': 'on or off',
  'log-level': `one of ${LOG_LEVELS.join(', ')}`,
};

function parseText(setting: Setting, text: string, base: string): unknown {
  if (text === '') return undefined;
  switch (setting.type) {
    case 'path':
      return text.includes('\0') ? undefined : resolve(base, text);
    case 'postgres-url':
      return /^postgres(?:ql)?:\/\/./i.test(text) ? text : undefined;
    case 'address':
      return parseAddress(text);
    case 'address-or-off':
      return text === 'off' ? null : parseAddress(text);
    case 'bytes':
      return positive(parseBytes(text));
    case 'milliseconds':
      return positive(parseMilliseconds(text));
    case 'count':
      return /^\d{1,15}$/.test(text) ? positive(Number(text)) : undefined;
    case 'text':
      return /^[\x20-\x7e]{1,128}$/.test(text) ? text : undefined;
    case 'patterns':
      return parsePatterns(text);
    case 'on-or-off':
      return /^(on|true)$/.test(text) ? true : /^(off|false)$/.test(text) ? false : undefined;
    case 'log-level':
      return LOG_LEVELS.find((level) => level === text);
  }
}

const PATTERNS_MAX = 50;
const PATTERN_CHARACTERS_MAX = 500;

function parsePatterns(text: string): readonly string[] | undefined {
  const patterns = text.split('\n').filter((line) => line.trim() !== '');
  return patterns.length > 0 && patterns.length <= PATTERNS_MAX && patterns.every(isPattern) ? patterns : undefined;
}

function isPattern(text: string): boolean {
  try {
    return text.length <= PATTERN_CHARACTERS_MAX && !new RegExp(text, 'gi').test('');
  } catch {
    return false;
  }
}

const positive = (value: number | undefined): number | undefined => (value !== undefined && value > 0 ? value : undefined);
