import { Type } from 'typebox';
import { LeptonError, nearest } from '../../../core/index.ts';
import type { HistoryMetricName } from '../../../monitoring/history/index.ts';
import { operation, type Operation } from '../operation.ts';
import { closed, Name } from '../schemas/common.ts';
import { Comparison } from '../schemas/comparison.ts';
import { MetricsAnswer, MetricsList } from '../schemas/metrics.ts';
import { instantOf } from '../time.ts';

const INSTANT = 'ISO 8601, seconds since the epoch, or so long before now: `-90s`, `-15m`, `-24h`, `-30d`.';
const METRICS_DEFAULT = 'requests,errors,latency_p50,latency_p95,latency_p99';
const LIST_CHARACTERS_MAX = 10_000;

const listOf = (text: string): string[] => [...new Set(text.split(',').map((one) => one.trim()).filter(Boolean))];

function metricsOf(text: string, known: readonly { readonly name: string }[]): HistoryMetricName[] {
  const names = known.map(({ name }) => name);
  return listOf(text).map((name) => {
    if (names.includes(name)) return name as HistoryMetricName;
    const meant = nearest(name, names);
    throw new LeptonError('INVALID_ARGUMENT', `query parameter metric: there is no metric ${JSON.stringify(name.slice(0, 100))}${meant ? `; did you mean ${meant}?` : `: known are ${names.join(', ')}`}`);
  });
}

export const metricsOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/metrics', id: 'listMetrics', tag: 'metrics', summary: 'What the history of metrics can be asked for, and how it fares.', errors: [], response: MetricsList,
    handle: async ({ dependencies: { history } }) => ({ metrics: history.metrics, history: history.status }),
  }),
  operation({
    method: 'GET', path: '/metrics/query', id: 'queryMetrics', tag: 'metrics', summary: 'Metrics over time, one aligned series for each version and metric.',
    description: 'Seconds are kept for an hour, minutes for 30 days. Also of versions and services that are gone. A service of which nothing is known gives no series.',
    errors: ['DATABASE_UNAVAILABLE'],
    query: closed({
      service: Type.Optional(Name),
      version: Type.Optional(Type.String({ maxLength: LIST_CHARACTERS_MAX, description: 'Several with commas between them; absent: all.' })),
      metric: Type.Optional(Type.String({ maxLength: LIST_CHARACTERS_MAX, description: `Several with commas between them; default ${METRICS_DEFAULT}.` })),
      by: Type.Optional(Type.Enum(['version', 'service'], { description: '`service`: its versions taken together. Default version.' })),
      from: Type.Optional(Type.String({ maxLength: 100, description: `${INSTANT} Default 15 minutes before \`to\`.` })),
      to: Type.Optional(Type.String({ maxLength: 100, description: `${INSTANT} Default now.` })),
      step: Type.Optional(Type.Integer({ minimum: 0, maximum: 86_400 * 30, description: 'Seconds; 0: the whole window is one step. Default: one that gives at most 300 steps. Whole minutes where `from` is more than an hour ago.' })),
    }),
    response: MetricsAnswer,
    handle: async ({ dependencies: { history }, query }) => {
      const now = Date.now() / 1000;
      return history.query({
        service: query.service ?? null,
        versions: query.version === undefined ? null : listOf(query.version),
        metrics: metricsOf(query.metric ?? METRICS_DEFAULT, history.metrics),
        by: query.by ?? 'version',
        from: query.from === undefined ? null : instantOf('from', query.from, now),
        to: query.to === undefined ? null : instantOf('to', query.to, now),
        step: query.step ?? null,
      });
    },
  }),
  operation({
    method: 'GET', path: '/services/{service}/compare', id: 'compareVersions', tag: 'metrics', summary: 'Two versions side by side: latency, failures, quality by feedback, cost, and a verdict in words.',
    description: 'Intervals are of 95 %. Feedback is counted since ever, all else in the window.',
    errors: ['SERVICE_NOT_FOUND', 'VERSION_NOT_FOUND', 'DATABASE_UNAVAILABLE'], params: closed({ service: Name }),
    query: closed({
      a: Type.String({ minLength: 1, maxLength: 128, description: 'The version that is there.' }),
      b: Type.String({ minLength: 1, maxLength: 128, description: 'The version that is to be better.' }),
      from: Type.Optional(Type.String({ maxLength: 100, description: `${INSTANT} Default an hour before \`to\`.` })),
      to: Type.Optional(Type.String({ maxLength: 100, description: `${INSTANT} Default now.` })),
    }),
    response: Comparison,
    handle: ({ dependencies, params, query: { a, b, from, to } }) => {
      const now = Date.now() / 1000;
      return dependencies.comparison.compare({ service: params.service, a, b, from: from === undefined ? null : instantOf('from', from, now), to: to === undefined ? null : instantOf('to', to, now) });
    },
  }),
];
