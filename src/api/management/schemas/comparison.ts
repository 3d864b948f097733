import { Type } from 'typebox';
import { closed, mapOf, nullable } from './common.ts';

const interval = { value: Type.Number(), low: Type.Number(), high: Type.Number() };
const Estimate = closed(interval, { title: 'Estimate', description: 'With its 95 % confidence interval.' });
const Counted = (description: string) => nullable(closed({ ...interval, count: Type.Integer() }), description);

const Side = closed(
  {
    version: Type.String(),
    requests: Type.Number(),
    latency: nullable(
      closed({
        mean: Type.Number(), p50: Estimate, p95: Estimate, p99: Estimate,
        distribution: Type.Array(closed({ upTo: Type.Number(), share: Type.Number() }), { description: 'Share of answers that took at most so long.' }),
      }),
      'Milliseconds; null: no request was answered.',
    ),
    faults: nullable(Estimate, 'Share of requests that failed through no fault of client or load.'),
    errors: mapOf(Type.Number(), 'Failed requests by error code, also those that the client or the load is to blame for.'),
    accuracy: Counted('Share of answers that were right, of those that feedback judged, since ever.'),
    reward: Counted('Mean reward, since ever.'),
    cpuSecondsPer1000: nullable(Type.Number(), 'CPU seconds of its workers for 1,000 answered requests.'),
  },
  { title: 'ComparedVersion' },
);

export const Comparison = closed(
  {
    service: Type.String(),
    from: Type.Number({ description: 'Seconds since the epoch.' }),
    to: Type.Number(),
    a: Side,
    b: Side,
    slowerProbability: nullable(Estimate, 'That a request to b takes longer than one to a; 0.5: no difference.'),
    faultsDifference: nullable(Estimate, 'b’s share less a’s; so are the other differences.'),
    accuracyDifference: nullable(Estimate),
    rewardDifference: nullable(Estimate),
    findings: Type.Array(closed({ about: Type.Enum(['latency', 'faults', 'accuracy', 'reward', 'cost']), outcome: Type.Enum(['better', 'worse', 'same', 'unknown'], { description: 'Of b beside a; unknown: the data do not say.' }), words: Type.String() })),
    verdict: Type.String({ description: 'In plain words, with what is not known yet.' }),
  },
  { title: 'Comparison' },
);
