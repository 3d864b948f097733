import { LeptonError, parseMilliseconds } from '../../core/index.ts';
import { ALERT_METRICS, type AlertMetricName } from './metrics.ts';

export type Comparison = '>' | '>=' | '<' | '<=';
export type Severity = 'info' | 'warning' | 'error';

/** What people write. Times are texts such as `30s`, or milliseconds. */
export interface AlertRuleInput {
  readonly metric: AlertMetricName;
  readonly op?: Comparison | undefined;
  readonly threshold: number;
  readonly service?: string | null;
  readonly version?: string | null;
  readonly window?: string | number;
  readonly for?: string | number;
  readonly minSamples?: number;
  readonly severity?: Severity;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly webhook?: { readonly url: string; readonly secret?: string } | null;
  readonly event?: boolean;
  readonly log?: boolean;
}

export interface AlertRule {
  readonly name: string;
  readonly metric: AlertMetricName;
  readonly op: Comparison;
  readonly threshold: number;
  /** null: every service. */
  readonly service: string | null;
  /** null: every version. */
  readonly version: string | null;
  readonly windowMs: number;
  readonly forMs: number;
  readonly minSamples: number;
  readonly severity: Severity;
  readonly description: string;
  readonly enabled: boolean;
  /** Without its secret, which is never told again. */
  readonly webhook: { readonly url: string } | null;
  readonly event: boolean;
  readonly log: boolean;
}

export const WINDOW_MIN_MS = 5_000;
export const WINDOW_MAX_MS = 3_600_000;
const FOR_MAX_MS = 86_400_000;
const SECRET = /^[\x21-\x7e]{16,256}$/;

/** Fills in defaults and checks what a schema can't. `hasSecret`: the rule has a webhook's secret already. Throws INVALID_ARGUMENT. */
export function alertRuleOf(name: string, input: AlertRuleInput, hasSecret: boolean): { readonly rule: AlertRule; readonly secret: string | undefined } {
  const secret = input.webhook?.secret;
  if (input.webhook) checkWebhook(input.webhook, hasSecret);
  if (input.version != null && input.service == null) throw new LeptonError('INVALID_ARGUMENT', `version is ${JSON.stringify(input.version)}, but no service is named; say of which service`);
  const rule: AlertRule = {
    name,
    metric: input.metric,
    op: input.op ?? '>',
    threshold: input.threshold,
    service: input.service ?? null,
    version: input.version ?? null,
    windowMs: duration('window', input.window ?? '1m', WINDOW_MIN_MS, WINDOW_MAX_MS),
    forMs: duration('for', input.for ?? '0s', 0, FOR_MAX_MS),
    minSamples: input.minSamples ?? ALERT_METRICS[input.metric].minSamples,
    severity: input.severity ?? 'warning',
    description: input.description ?? '',
    enabled: input.enabled ?? true,
    webhook: input.webhook ? { url: input.webhook.url } : null,
    event: input.event ?? true,
    log: input.log ?? true,
  };
  return { rule, secret };
}

function duration(name: string, given: string | number, min: number, max: number): number {
  const value = parseMilliseconds(String(given));
  if (value !== undefined && value >= min && value <= max) return value;
  throw new LeptonError('INVALID_ARGUMENT', `${name} is ${JSON.stringify(given)}, not a time from ${min / 1000}s to ${max / 3_600_000}h, such as 30s or 5m`);
}

function checkWebhook({ url, secret }: { readonly url: string; readonly secret?: string }, hasSecret: boolean): void {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed?.protocol !== 'http:' && parsed?.protocol !== 'https:') throw new LeptonError('INVALID_ARGUMENT', `webhook.url ${JSON.stringify(url)} is not a URL such as https://alerts.example/hook`);
  if (parsed.username || parsed.password) throw new LeptonError('INVALID_ARGUMENT', 'webhook.url must hold no user and password; what is sent is signed with webhook.secret');
  if (secret === undefined && !hasSecret) throw new LeptonError('INVALID_ARGUMENT', 'webhook.secret is missing: 16 to 256 characters that only the receiver knows, with which what is sent is signed');
  if (secret !== undefined && !SECRET.test(secret)) throw new LeptonError('INVALID_ARGUMENT', 'webhook.secret must be 16 to 256 printable ASCII characters without spaces');
}

export function compare(value: number, op: Comparison, threshold: number): boolean {
  switch (op) {
    case '>':
      return value > threshold;
    case '>=':
      return value >= threshold;
    case '<':
      return value < threshold;
    case '<=':
      return value <= threshold;
  }
}
