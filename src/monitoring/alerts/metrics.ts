/** What a rule may be on: of one version of one service, over the rule's window. */
export interface AlertMetric {
  readonly unit: 'ratio' | 'ms' | 'requests/s' | 'requests' | 'bytes' | 'replicas' | 'reward' | '1';
  readonly help: string;
  /** Requests (for feedback: entries) in the window below which nothing is said, unless a rule says otherwise. */
  readonly minSamples: number;
}

const metric = (unit: AlertMetric['unit'], help: string, minSamples = 0): AlertMetric => ({ unit, help, minSamples });

export const ALERT_METRICS = {
  request_rate: metric('requests/s', 'Requests a second that reached the version.'),
  fault_ratio: metric('ratio', 'Share of requests that failed through no fault of client or load, 0 to 1.', 10),
  latency_p50: metric('ms', 'Median latency of the last 1,024 answers.', 10),
  latency_p99: metric('ms', '99th percentile of the latency of the last 1,024 answers.', 10),
  queue_length: metric('requests', 'Mean number of requests that wait for a replica.'),
  in_flight: metric('requests', 'Mean number of requests that replicas work on.'),
  memory: metric('bytes', 'Most resident memory of the version’s workers together.'),
  replica_failures: metric('replicas', 'Replicas that were started in the place of ones that failed.'),
  replicas_missing: metric('replicas', 'Replicas that are wanted and not ready, the fewest seen.'),
  traffic_share: metric('ratio', 'Share of the service’s requests that reached the version, 0 to 1.', 10),
  traffic_share_wanted: metric('ratio', 'Share of version-less requests that the policy in force gives it, 0 to 1.'),
  traffic_share_gap: metric('ratio', 'How far the share that it gets is from the one that it should get, 0 to 1.', 100),
  feedback_accuracy: metric('ratio', 'Share of right answers among those that feedback judged, 0 to 1.', 10),
  feedback_reward: metric('reward', 'Mean reward of feedback.', 10),
  drift_psi: metric('1', 'Population stability index of the input or output that drifted most, against the version’s own reference.', 100),
} as const satisfies Readonly<Record<string, AlertMetric>>;

export type AlertMetricName = keyof typeof ALERT_METRICS;
export const ALERT_METRIC_NAMES = Object.keys(ALERT_METRICS) as readonly AlertMetricName[];

/** Of one version, over one window. */
export interface Reading {
  readonly service: string;
  readonly version: string;
  /** null: nothing is known. */
  readonly value: number | null;
  /** What it was taken from: requests, answers or entries of feedback. */
  readonly samples: number;
}

/** Where values come from. */
export interface AlertSource {
  /** Every version that there is, with its value over the window that ends now. */
  read(metric: AlertMetricName, windowMs: number): readonly Reading[];
  /** Takes a sample of what the rules in force are on, to be kept for the longest window; called before each evaluation. */
  sample(metrics: ReadonlySet<AlertMetricName>, windowMs: number): Promise<void>;
}
