import type { Summary } from './statistics.ts';

export interface Goal {
  readonly at: 'most' | 'least';
  readonly value: number;
  /** What we aim for beyond the goal. */
  readonly aim?: number;
}

/** One measured line of the report. */
export interface Line {
  readonly id: string;
  readonly text: string;
  readonly unit: string;
  readonly summary: Summary;
  readonly goal?: Goal;
  readonly note?: string;
}

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** Bars to be compared with each other. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly { readonly label: string; readonly value: number; readonly ours: boolean }[];
}

export interface ScenarioReport {
  readonly scenario: string;
  readonly lines: readonly Line[];
  readonly tables: readonly Table[];
  readonly charts?: readonly Chart[];
  readonly error?: string;
}

export interface Report {
  readonly startedAt: string;
  readonly seconds: number;
  readonly quick: boolean;
  readonly interrupted: boolean;
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly scenarios: readonly ScenarioReport[];
}

export type Verdict = 'PASS' | 'MISS' | '';

export function verdict({ goal, summary }: Line): Verdict {
  if (!goal) return '';
  return (goal.at === 'most' ? summary.median <= goal.value : summary.median >= goal.value) ? 'PASS' : 'MISS';
}
