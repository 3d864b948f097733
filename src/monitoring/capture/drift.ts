import { type Feature, featuresOf } from './features.ts';
import type { CapturedRow } from './rows.ts';

export interface FeatureDrift {
  readonly feature: string;
  readonly kind: Feature['kind'];
  /** Population stability index; null: too little is known. */
  readonly psi: number | null;
  /** What it would be by chance alone, on average, with samples of these sizes. */
  readonly psiByChance: number | null;
  /** Two-sample Kolmogorov-Smirnov statistic and its p-value, of numbers. */
  readonly ks: number | null;
  readonly ksP: number | null;
  readonly referenceSamples: number;
  readonly samples: number;
  readonly verdict: 'stable' | 'shifted' | 'drifted' | 'not enough data';
}
export interface LabelShare {
  readonly label: string;
  readonly count: number;
}
export interface LabelMix {
  readonly feature: string;
  /** ISO 8601, UTC; a period of the newest captured answers. */
  readonly from: string;
  readonly to: string;
  readonly samples: number;
  /** The most frequent first. */
  readonly labels: readonly LabelShare[];
}
export interface DriftReport {
  readonly referenceRows: number;
  readonly rows: number;
  /** Those that drifted most first. */
  readonly features: readonly FeatureDrift[];
  readonly labelMix: readonly LabelMix[];
}

const BINS = 10;
export const SAMPLES_MIN = 100;
const PERIODS = 10;
const LABELS_SHOWN = 20;

/** How far captured answers are from the reference, and how their labels changed over time. */
export function driftOf(reference: readonly CapturedRow[], captured: readonly CapturedRow[]): DriftReport {
  const before = featuresOf(reference);
  const now = new Map(featuresOf(captured, before).map((feature) => [feature.name, feature]));
  const features = before.map((feature) => compareFeature(feature, now.get(feature.name)?.values ?? []));
  features.sort((a, b) => (b.psi ?? -1) - (a.psi ?? -1));
  const labels = before.filter(({ name, kind }) => name.startsWith('output.') && kind === 'categorical');
  return { referenceRows: reference.length, rows: captured.length, features, labelMix: labels.flatMap((feature) => mixOf(feature, captured, before)) };
}

function compareFeature({ name, kind, values: reference }: Feature, values: Feature['values']): FeatureDrift {
  const known = { feature: name, kind, referenceSamples: reference.length, samples: values.length };
  if (reference.length < SAMPLES_MIN || values.length < SAMPLES_MIN) return { ...known, psi: null, psiByChance: null, ks: null, ksP: null, verdict: 'not enough data' };
  const counts = kind === 'categorical' ? countCategories(reference, values) : countBins(reference as readonly number[], values as readonly number[]);
  const psi = stabilityIndex(counts);
  // Each bin adds about 1/n + 1/m; see Yurdakul, Statistical Properties of Population Stability Index, 2018.
  const psiByChance = (counts.length - 1) * (1 / reference.length + 1 / values.length);
  const ks = kind === 'numerical' ? kolmogorovSmirnov(reference as readonly number[], values as readonly number[]) : null;
  const beyond = psi - psiByChance;
  return { ...known, psi, psiByChance, ks: ks?.statistic ?? null, ksP: ks?.p ?? null, verdict: beyond >= 0.25 ? 'drifted' : beyond >= 0.1 ? 'shifted' : 'stable' };
}

type Counts = readonly (readonly [reference: number, current: number])[];

/** Σ (q − p) ln(q / p) over bins; half a sample in each, so that an empty one is no infinity. */
export function stabilityIndex(counts: Counts): number {
  const [before, now] = counts.reduce(([a, b], [reference, current]) => [a + reference + 0.5, b + current + 0.5], [0, 0]);
  return counts.reduce((sum, [reference, current]) => {
    const [p, q] = [(reference + 0.5) / before, (current + 0.5) / now];
    return sum + (q - p) * Math.log(q / p);
  }, 0);
}

/** Bins between the reference's deciles; equal ones count once. */
function countBins(reference: readonly number[], values: readonly number[]): Counts {
  const sorted = reference.toSorted((a, b) => a - b);
  const edges = [...new Set(Array.from({ length: BINS - 1 }, (_, index) => sorted[Math.floor(((index + 1) * sorted.length) / BINS)] as number))];
  const counts = Array.from({ length: edges.length + 1 }, () => [0, 0] as [number, number]);
  const count = (value: number, side: 0 | 1): void => {
    const bin = edges.findIndex((edge) => value < edge);
    (counts[bin === -1 ? edges.length : bin] as [number, number])[side]++;
  };
  for (const value of reference) count(value, 0);
  for (const value of values) count(value, 1);
  return counts;
}

function countCategories(reference: Feature['values'], values: Feature['values']): Counts {
  const counts = new Map<number | string, [number, number]>();
  for (const [side, all] of [[0, reference], [1, values]] as const) {
    for (const value of all) {
      const pair = counts.get(value) ?? [0, 0];
      pair[side]++;
      counts.set(value, pair);
    }
  }
  return [...counts.values()];
}

/** Largest distance of the two empirical distributions, and how probable one as large is without drift (asymptotic, Stephens 1970). */
export function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): { readonly statistic: number; readonly p: number } {
  const [x, y] = [a.toSorted((one, other) => one - other), b.toSorted((one, other) => one - other)];
  let [i, j, statistic] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i] as number, y[j] as number);
    while (i < x.length && (x[i] as number) <= value) i++;
    while (j < y.length && (y[j] as number) <= value) j++;
    statistic = Math.max(statistic, Math.abs(i / x.length - j / y.length));
  }
  const size = Math.sqrt((x.length * y.length) / (x.length + y.length));
  const lambda = (size + 0.12 + 0.11 / size) * statistic;
  let p = 0;
  for (let k = 1; k <= 100; k++) p += 2 * (k % 2 ? 1 : -1) * Math.exp(-2 * k * k * lambda * lambda);
  return { statistic, p: lambda < 0.2 ? 1 : Math.min(1, Math.max(0, p)) };
}

/** The labels of periods with equally many answers. */
function mixOf({ name }: Feature, captured: readonly CapturedRow[], like: readonly Feature[]): LabelMix[] {
  const length = Math.ceil(captured.length / PERIODS);
  const mixes: LabelMix[] = [];
  for (let start = 0; start < captured.length; start += length) {
    const period = captured.slice(start, start + length);
    const values = featuresOf(period, like).find((feature) => feature.name === name)?.values ?? [];
    const counts = new Map<string, number>();
    for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
    const labels = [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count).slice(0, LABELS_SHOWN);
    mixes.push({ feature: name, from: period[0]?.at ?? '', to: period.at(-1)?.at ?? '', samples: values.length, labels });
  }
  return mixes;
}
