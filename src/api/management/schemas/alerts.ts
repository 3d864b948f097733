import { Type } from 'typebox';
import { closed, Name, nullable, Time } from './common.ts';
import { Severity } from './platform.ts';

const METRICS = [
  'request_rate', 'fault_ratio', 'latency_p50', 'latency_p99', 'queue_length', 'in_flight', 'memory', 'replica_failures', 'replicas_missing',
  'traffic_share', 'traffic_share_wanted', 'traffic_share_gap', 'feedback_accuracy', 'feedback_reward', 'drift_psi',
] as const;
export const AlertMetricName = Type.Enum([...METRICS], { description: '`GET /alerts/metrics` explains them.' });
const Comparison = Type.Enum(['>', '>=', '<', '<=']);
export const AlertState = Type.Enum(['inactive', 'pending', 'firing', 'resolved']);
const Duration = (description: string) => Type.Union([Type.String({ maxLength: 32 }), Type.Number({ minimum: 0 })], { description: `${description} Such as 30s or 5m; a number is milliseconds.` });

export const AlertRuleInput = closed(
  {
    name: Type.Optional(Name),
    metric: AlertMetricName,
    op: Type.Optional(Type.Enum(Comparison.enum, { description: 'Default >.' })),
    threshold: Type.Number({ description: 'In the metric’s unit.' }),
    service: Type.Optional(nullable(Name, 'Default: every service.')),
    version: Type.Optional(nullable(Name, 'Default: every version, each for itself.')),
    window: Type.Optional(Duration('What the value is taken over, 5s to 1h; default 1m.')),
    for: Type.Optional(Duration('How long it must hold before it fires; default 0s.')),
    minSamples: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e9, description: 'Requests (of feedback: entries) in the window below which nothing is said; default by metric.' })),
    severity: Type.Optional(Type.Enum(Severity.enum, { description: 'Default warning.' })),
    description: Type.Optional(Type.String({ maxLength: 1000 })),
    enabled: Type.Optional(Type.Boolean({ description: 'Default true.' })),
    webhook: Type.Optional(nullable(closed({ url: Type.String({ minLength: 1, maxLength: 2048 }), secret: Type.Optional(Type.String({ maxLength: 256, description: '16 to 256 characters; signs what is sent. Never told again; absent: as it is.' })) }), 'Called when it fires and when that is over.')),
    event: Type.Optional(Type.Boolean({ description: 'Record events; default true.' })),
    log: Type.Optional(Type.Boolean({ description: 'Write to control’s log; default true.' })),
  },
  { title: 'AlertRuleInput' },
);

export const AlertRule = closed(
  {
    name: Name,
    metric: AlertMetricName,
    op: Comparison,
    threshold: Type.Number(),
    service: nullable(Type.String()),
    version: nullable(Type.String()),
    windowMs: Type.Number(),
    forMs: Type.Number(),
    minSamples: Type.Integer(),
    severity: Severity,
    description: Type.String(),
    enabled: Type.Boolean(),
    webhook: nullable(closed({ url: Type.String() })),
    event: Type.Boolean(),
    log: Type.Boolean(),
    createdAt: Time,
    updatedAt: Time,
    updatedBy: Type.String(),
  },
  { title: 'AlertRule' },
);
export const AlertRuleChange = closed({ rule: AlertRule, outcome: Type.Enum(['created', 'updated', 'unchanged']) }, { title: 'AlertRuleChange' });

export const Alert = closed(
  { rule: Type.String(), service: Type.String(), version: Type.String(), state: AlertState, since: Time, value: nullable(Type.Number(), 'The newest that is known, in the metric’s unit.'), severity: Severity, metric: AlertMetricName, message: Type.String() },
  { title: 'Alert' },
);
export const AlertsOverview = closed(
  {
    alerts: Type.Array(Alert, { description: 'Firing ones first, of these the newest first.' }),
    webhooks: closed({ waiting: Type.Integer(), sent: Type.Integer(), failed: Type.Integer({ description: 'Given up after all attempts.' }), dropped: Type.Integer({ description: 'Since too many waited.' }) }, { description: 'Since control started.' }),
    evaluatedAt: nullable(Time),
  },
  { title: 'AlertsOverview' },
);
export const AlertMetric = closed({ name: AlertMetricName, unit: Type.String(), help: Type.String(), minSamples: Type.Integer() }, { title: 'AlertMetric' });
export const AlertTrial = closed({ delivered: Type.Boolean(), problem: nullable(Type.String()) }, { title: 'AlertTrial' });
