export { METRICS, type MetricDescription, type MetricName } from './descriptions.ts';
export { type HistogramView, InferenceMetrics, type InferenceView, type VersionView } from './inference-metrics.ts';
