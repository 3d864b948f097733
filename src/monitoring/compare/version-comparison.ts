import { LeptonError } from '../../core/index.ts';
import type { FeedbackSummary } from '../feedback/index.ts';
import type { HistoryKeeper } from '../history/index.ts';
import { Sample } from '../samples/index.ts';
import { compare, type Comparison, type Side } from './compare.ts';

export interface ComparisonQuery {
  readonly service: string;
  readonly a: string;
  readonly b: string;
  /** Seconds since the epoch; null: an hour before `to`, and now. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface ComparisonAnswer extends Comparison {
  readonly service: string;
  readonly from: number;
  readonly to: number;
}

export interface VersionComparisonOptions {
  readonly history: Pick<HistoryKeeper, 'totals'>;
  readonly feedback: { summary(service: string): Promise<FeedbackSummary> };
  /** Versions that a service has now. */
  readonly versions: (service: string) => Promise<readonly string[]>;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

const WINDOW_DEFAULT = 3600;

/** Two versions of a service side by side: what they did in a window, and what feedback says of their answers. */
export class VersionComparison {
  readonly #options: VersionComparisonOptions;

  constructor(options: VersionComparisonOptions) {
    this.#options = options;
  }

  /** Rejects with SERVICE_NOT_FOUND, VERSION_NOT_FOUND, INVALID_ARGUMENT for a window that is not kept, DATABASE_UNAVAILABLE. */
  async compare({ service, a, b, from, to }: ComparisonQuery): Promise<ComparisonAnswer> {
    if (a === b) throw new LeptonError('INVALID_ARGUMENT', `a and b are both ${JSON.stringify(a)}: name two versions`);
    const { history, feedback, versions, now } = this.#options;
    const { versions: judged } = await feedback.summary(service);
    const found = await history.totals({ service, versions: [a, b], from: from ?? (to ?? now()) - WINDOW_DEFAULT, to });
    const here = await versions(service);
    const side = (version: string): Side => {
      const sample = found.samples.get(version);
      const said = judged.find((one) => one.version === version) ?? null;
      if (!sample && !said && !here.includes(version)) throw new LeptonError('VERSION_NOT_FOUND', `service '${service}' has no version ${JSON.stringify(version)}, and in the window had none`);
      return { version, sample: sample ?? new Sample(), feedback: said };
    };
    return { service, from: found.from, to: found.to, ...compare(side(a), side(b)) };
  }
}
