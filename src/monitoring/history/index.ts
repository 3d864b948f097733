export type { HistoryStatus } from './history.ts';
export { HistoryKeeper, type HistoryKeeperOptions } from './keeper.ts';
export { HISTORY_METRICS, type HistoryMetric, type HistoryMetricName, HISTORY_METRIC_NAMES, type Unit } from './metrics.ts';
export type { HistoryAnswer, HistoryQuery, HistorySeries } from './query.ts';
