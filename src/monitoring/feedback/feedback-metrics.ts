import { Counter, Registry, Summary } from 'prom-client';
import type { FeedbackOutcome } from '../../core/index.ts';
import type { Judged } from './judge.ts';

const VERSION = ['service', 'version'] as const;

/** Control's metrics of feedback: for registration and for docs/reference. They count since control started. */
export const FEEDBACK_METRICS = [
  { name: 'lepton_feedback_total', type: 'counter', labels: [...VERSION, 'outcome'], help: 'Feedback by outcome: accepted, duplicate (sent again), conflict (other feedback was first), late, unknown (service and version are empty then).' },
  { name: 'lepton_feedback_reward', type: 'summary', labels: VERSION, help: 'Rewards accepted: their sum and count.' },
  { name: 'lepton_feedback_correct_total', type: 'counter', labels: [...VERSION, 'correct'], help: 'Feedback accepted that says whether the answer was right, by what it says (true, false).' },
  { name: 'lepton_feedback_removed_total', type: 'counter', labels: [], help: 'Entries removed since only the newest `feedback.rowsMax` are kept.' },
] as const satisfies readonly { name: string; type: string; labels: readonly string[]; help: string }[];

const [TOTAL, REWARD, CORRECT, REMOVED] = FEEDBACK_METRICS;
const REFUSALS: Readonly<Record<string, string>> = { FEEDBACK_UNKNOWN: 'unknown', FEEDBACK_DUPLICATE: 'conflict', FEEDBACK_TOO_LATE: 'late' };

export class FeedbackMetrics {
  readonly #registry = new Registry();
  readonly #total = new Counter({ ...named(TOTAL), registers: [this.#registry] });
  readonly #reward = new Summary({ ...named(REWARD), percentiles: [], registers: [this.#registry] });
  readonly #correct = new Counter({ ...named(CORRECT), registers: [this.#registry] });
  readonly #removed = new Counter({ ...named(REMOVED), registers: [this.#registry] });

  count(judged: readonly Judged[], outcomes: readonly FeedbackOutcome[], removed: number): void {
    judged.forEach((one, index) => this.#countOne(one, outcomes[index] as FeedbackOutcome));
    this.#removed.inc(removed);
  }

  /** Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #countOne(judged: Judged, outcome: FeedbackOutcome): void {
    if ('refusal' in judged) return this.#total.inc({ service: '', version: '', outcome: 'unknown' });
    const { service, version } = judged.source;
    this.#total.inc({ service, version, outcome: outcome.outcome === 'refused' ? (REFUSALS[outcome.code] ?? outcome.code) : outcome.outcome });
    if (outcome.outcome !== 'accepted') return;
    const { reward, correct } = judged.entry;
    if (reward !== undefined) this.#reward.observe({ service, version }, reward);
    if (correct !== undefined) this.#correct.inc({ service, version, correct: String(correct) });
  }
}

function named({ name, help, labels }: (typeof FEEDBACK_METRICS)[number]) {
  return { name, help, labelNames: [...labels] as string[] };
}
