/** What gateways write into their logs, level by level. */
export interface LogSettings {
  readonly error: boolean;
  readonly warning: boolean;
  readonly info: boolean;
  /** 0: nothing more; 1: every answered request; 2: everything. */
  readonly verboseLevel: number;
  /** How a line tells its time: milliseconds since the epoch, or ISO 8601. */
  readonly timeFormat: 'epoch' | 'iso8601';
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** The settings that a configured level stands for. */
export function logSettingsOf(level: string): LogSettings {
  const writes = (name: string): boolean => LEVELS.indexOf(name) >= LEVELS.indexOf(level);
  return { error: writes('error'), warning: writes('warn'), info: writes('info'), verboseLevel: writes('trace') ? 2 : writes('debug') ? 1 : 0, timeFormat: 'epoch' };
}
