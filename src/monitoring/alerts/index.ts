export { type AlertFilter, Alerts, type AlertsOverview, type AlertRuleView, type AlertView } from './alerts.ts';
export { ALERT_METRIC_NAMES, ALERT_METRICS, type AlertMetric, type AlertMetricName, type AlertSource, type Reading } from './metrics.ts';
export type { AlertRule, AlertRuleInput } from './rule.ts';
export type { AlertState, AlertStatus } from './step.ts';
export { type SampledVersion, VersionSamples } from './version-samples.ts';
export { Webhooks } from './webhooks.ts';
