import type { Estimate } from './intervals.ts';
import { type Comparison, REQUESTS_MIN, type SideFigures } from './compare.ts';

/** What is said of b beside a in one respect. */
export interface Finding {
  readonly about: 'latency' | 'faults' | 'accuracy' | 'reward' | 'cost';
  /** `unknown`: the data do not say. */
  readonly outcome: 'better' | 'worse' | 'same' | 'unknown';
  readonly words: string;
}

type Compared = Omit<Comparison, 'findings' | 'verdict'>;
interface Needed {
  readonly accuracy: number | null;
  readonly reward: number | null;
}

/** A smaller difference of medians is of no account, also where it is certain. */
const LATENCY_MATTERS = 0.05;
const COST_MATTERS = 0.1;
/** More than this is no advice. */
const NEEDED_MAX = 10_000_000;

/** Words for what was computed. Pure. */
export function verdictOf(compared: Compared, needed: Needed): Pick<Comparison, 'findings' | 'verdict'> {
  const { a, b } = compared;
  const short = [a, b].filter(({ requests }) => requests < REQUESTS_MIN);
  const measured = short.length ? [] : [latency(compared), faults(compared), cost(compared)];
  const findings = [quality('accuracy', a, b, compared.accuracyDifference, needed.accuracy), quality('reward', a, b, compared.rewardDifference, needed.reward), ...measured].filter((one) => one !== null);
  const lack = short.map(({ version, requests }) => `not enough data: about ${REQUESTS_MIN - requests} more requests to ${version}`);
  return { findings, verdict: [summary(a, b, findings), ...lack, ...findings.map(({ words }) => words)].filter(Boolean).join('. ').concat('.') };
}

function summary({ version: a }: SideFigures, { version: b }: SideFigures, findings: readonly Finding[]): string {
  const of = (outcome: Finding['outcome']): string => findings.filter((one) => one.outcome === outcome).map(({ about }) => about).join(' and ');
  const [better, worse, unknown] = [of('better'), of('worse'), of('unknown')];
  if (better && worse) return `${b} is better in ${better}, worse in ${worse} than ${a}`;
  if (worse) return `${b} is worse than ${a} in ${worse}`;
  if (better) return `${b} is better than ${a} in ${better}`;
  if (!findings.length) return '';
  return unknown ? `no difference between ${a} and ${b} is certain yet` : `${a} and ${b} do not differ by more than chance`;
}

function latency({ a, b, slowerProbability: slower }: Compared): Finding | null {
  if (!a.latency || !b.latency || !slower) return null;
  const ratio = b.latency.p50.value / Math.max(1e-9, a.latency.p50.value) - 1;
  const certain = slower.low > 0.5 || slower.high < 0.5;
  const matters = Math.abs(ratio) >= LATENCY_MATTERS;
  const outcome = certain && matters ? (ratio > 0 ? 'worse' : 'better') : matters ? 'unknown' : 'same';
  return {
    about: 'latency', outcome,
    words: `median latency ${ms(b.latency.p50)} of ${b.version} against ${ms(a.latency.p50)} of ${a.version}, 99th percentile ${ms(b.latency.p99)} against ${ms(a.latency.p99)}; a request to ${b.version} is the slower one with probability ${figure(slower.value)} (${figure(slower.low)} to ${figure(slower.high)})`,
  };
}

function faults({ a, b, faultsDifference: gap }: Compared): Finding | null {
  if (!a.faults || !b.faults || !gap) return null;
  const outcome = gap.low > 0 ? 'worse' : gap.high < 0 ? 'better' : 'same';
  return { about: 'faults', outcome, words: `${percent(b.faults)} of requests to ${b.version} failed through its own fault, ${percent(a.faults)} to ${a.version}` };
}

function cost({ a, b }: Compared): Finding | null {
  const [costA, costB] = [a.cpuSecondsPer1000, b.cpuSecondsPer1000];
  if (costA === null || costB === null || costA === 0) return null;
  const ratio = costB / costA - 1;
  const outcome = Math.abs(ratio) < COST_MATTERS ? 'same' : ratio > 0 ? 'worse' : 'better';
  return { about: 'cost', outcome, words: `1,000 requests cost ${figure(costB)} CPU seconds on ${b.version}, ${figure(costA)} on ${a.version}` };
}

function quality(about: 'accuracy' | 'reward', a: SideFigures, b: SideFigures, gap: Estimate | null, needed: number | null): Finding | null {
  const [ofA, ofB] = [a[about], b[about]];
  if (!ofA || !ofB || !gap) return null;
  const outcome = gap.low > 0 ? 'better' : gap.high < 0 ? 'worse' : 'unknown';
  const show = about === 'accuracy' ? percent : (one: Estimate) => `${figure(one.value)} (${figure(one.low)} to ${figure(one.high)})`;
  const more = outcome === 'unknown' ? lacking(needed) : '';
  return { about, outcome, words: `${about === 'accuracy' ? 'answers that were right' : 'mean reward'}: ${show(ofB)} of ${b.version}, ${show(ofA)} of ${a.version}, by feedback on ${ofB.count} and ${ofA.count} answers${more}` };
}

function lacking(needed: number | null): string {
  if (needed === null || needed > NEEDED_MAX) return '; they look alike, so that no amount of feedback is likely to tell them apart soon';
  return `; not enough data: about ${Math.max(1, needed)} more answers with feedback for each`;
}

const figure = (value: number): string => String(Number(value.toPrecision(3)));
const ms = ({ value, low, high }: Estimate): string => `${figure(value)} ms (${figure(low)} to ${figure(high)})`;
const percent = ({ value, low, high }: Estimate): string => `${figure(value * 100)} % (${figure(low * 100)} to ${figure(high * 100)})`;
