import { type Logger, pino } from 'pino';
import type { LogControl } from '../api/inference/index.ts';
import { type LogSettings, logSettingsOf } from '../core/index.ts';
import { LogStream } from '../monitoring/logs/index.ts';
import type { GatewayConfig } from '../wire/index.ts';
import type { ControlCalls } from './control-calls.ts';
import { callControl } from './control-client.ts';

const STDOUT = 1;
const UPDATE_TIMEOUT_MS = 10_000;

/** The gateway's log, whose levels may be switched while it runs. */
export class GatewayLog {
  readonly log: Logger;
  readonly #configured: LogSettings;
  #settings: LogSettings;

  constructor({ logLevel, gateway }: GatewayConfig) {
    this.#configured = this.#settings = logSettingsOf(logLevel);
    this.log = pino(
      {
        level: 'trace',
        base: { gateway, pid: process.pid },
        timestamp: () => (this.#settings.timeFormat === 'iso8601' ? pino.stdTimeFunctions.isoTime() : pino.stdTimeFunctions.epochTime()),
        // Levels are switched one by one, so a threshold alone would not do.
        hooks: {
          logMethod: (args, method, level) => {
            if (writes(this.#settings, level)) method.apply(this.log, args);
          },
        },
      },
      new LogStream(STDOUT),
    );
    this.apply(undefined);
  }

  get settings(): LogSettings {
    return this.#settings;
  }

  /** What control's table says; undefined: what the gateway was started with. */
  apply(settings: LogSettings | undefined): void {
    this.#settings = settings ?? this.#configured;
    this.log.level = thresholdOf(this.#settings);
  }
}

/** Settings go through control, so that every gateway follows; its table brings them back. */
export function createLogControl(gatewayLog: GatewayLog, calls: ControlCalls): LogControl {
  return {
    current: () => gatewayLog.settings,
    update: async (changes) => {
      await callControl(calls, { method: 'PATCH', path: '/logging', body: changes, timeoutMs: UPDATE_TIMEOUT_MS });
    },
  };
}

/** Pino's numbers. */
const [DEBUG, INFO, WARN, ERROR] = [20, 30, 40, 50] as const;

function writes({ error, warning, info, verboseLevel }: LogSettings, level: number): boolean {
  if (level >= ERROR) return error;
  if (level >= WARN) return warning;
  if (level >= INFO) return info;
  return verboseLevel >= (level >= DEBUG ? 1 : 2);
}

/** The least of the levels that are on: what is below costs nothing. */
function thresholdOf({ error, warning, info, verboseLevel }: LogSettings): string {
  if (verboseLevel > 0) return verboseLevel > 1 ? 'trace' : 'debug';
  if (info) return 'info';
  if (warning) return 'warn';
  return error ? 'error' : 'silent';
}
