import { Type } from 'typebox';
import { closed, nullable } from './common.ts';

const Seconds = (description: string) => Type.Integer({ description });
const MetricName = Type.String({ description: 'One of `GET /api/v1/metrics`.' });
const UnitName = Type.String({ description: '`1` (a count), requests, requests/s, rows, ms, s, cores, bytes, replicas, ratio (0 to 1).' });

export const MetricsList = closed(
  {
    metrics: Type.Array(closed({ name: MetricName, unit: UnitName, help: Type.String() })),
    history: closed({
      usedBytes: Type.Integer({ description: 'Of its file on disk.' }),
      bytesMax: Type.Integer({ description: '`monitoring.historyBytesMax`.' }),
      droppedReports: Type.Integer({ description: 'Reports of gateways and engine that could not be kept, since control started.' }),
      problem: nullable(Type.String(), 'Why the last write failed; null: it did not.'),
    }),
  },
  { title: 'MetricsList' },
);

const MetricSeries = closed(
  {
    service: Type.String(),
    version: nullable(Type.String(), 'null: the service as a whole.'),
    metric: MetricName,
    unit: UnitName,
    values: Type.Array(nullable(Type.Number()), { description: 'One a step, the first at `from`; null: nothing is known of it, which is not 0.' }),
  },
  { title: 'MetricSeries' },
);

export const MetricsAnswer = closed(
  {
    from: Seconds('Start of the first step, seconds since the epoch: a multiple of `step`.'),
    to: Seconds('End of the last step.'),
    step: Seconds('Seconds of a step.'),
    series: Type.Array(MetricSeries),
  },
  { title: 'MetricsAnswer' },
);
