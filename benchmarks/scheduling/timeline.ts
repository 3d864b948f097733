import { Sheet } from '../../src/plot/index.ts';
import type { Second } from './paced-clients.ts';

/** What one version was seen to do, by second. */
export interface Track {
  readonly version: string;
  readonly label: string;
  readonly seconds: readonly Second[];
  /** Cores used, and planned. */
  readonly used: readonly (readonly [number, number])[];
  readonly planned: readonly (readonly [number, number])[];
}

const COLOURS = ['#5b8def', '#2f9e62', '#d9480f'] as const;

/** Demand, served, CPU and latency over time, one line a version. */
export function timeline(tracks: readonly Track[], note: string): string {
  const sheet = new Sheet();
  const chart = (title: string, unit: string, points: (track: Track) => readonly (readonly [number, number])[]): void => {
    sheet.heading(title);
    sheet.lines(tracks.map((track, index) => ({ label: track.label, colour: COLOURS[index % COLOURS.length] as string, points: points(track) })), { unit, xUnit: 's' });
  };
  const seconds = (read: (second: Second) => number | null) => ({ seconds: list }: Track) => list.flatMap((second): (readonly [number, number])[] => {
    const value = read(second);
    return value === null ? [] : [[second.atSeconds, value]];
  });
  chart('Demand of the clients', '/s', seconds(({ wanted }) => wanted));
  chart('Served', '/s', seconds(({ served }) => served));
  chart('Cores that the plan gives', '', ({ planned }) => planned);
  chart('Cores used', '', ({ used }) => used);
  chart('Latency, median', 'ms', seconds(({ p50Ms }) => p50Ms));
  sheet.note(note);
  return sheet.toString();
}
