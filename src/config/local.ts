import { homedir } from 'node:os';
import { join } from 'node:path';
import { SETTINGS } from './settings.ts';

/** Where the platform that runs in the background for this user keeps what, and where it would listen. */
export interface LocalPlatformConfig {
  /** `$XDG_STATE_HOME/lepton-ai`: who runs (`platform.json`), its log, the lock of those that start it. */
  readonly stateDirectory: string;
  /** `$XDG_DATA_HOME/lepton-ai`, or LEPTON_DATA_DIR. */
  readonly dataDirectory: string;
  /** Preferred addresses; another port where they are taken. */
  readonly http: string;
  readonly grpc: string;
  /** What `serve` gets as its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** By the XDG base directory specification; a relative path there counts as none. */
export function localPlatformConfig(env: Readonly<Record<string, string | undefined>> = process.env): LocalPlatformConfig {
  const base = (variable: string, fallback: string): string => join(env[variable]?.startsWith('/') ? env[variable] : join(env['HOME'] || homedir(), fallback), 'lepton-ai');
  const setting = (name: string): string => {
    const one = SETTINGS.find((candidate) => candidate.name === name);
    return (one && env[one.env]) || one?.default || '';
  };
  return {
    stateDirectory: base('XDG_STATE_HOME', '.local/state'),
    dataDirectory: env['LEPTON_DATA_DIR'] || base('XDG_DATA_HOME', '.local/share'),
    http: setting('http'),
    grpc: setting('grpc'),
    environment: Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[0] !== 'LEPTON_CONFIG')),
  };
}
