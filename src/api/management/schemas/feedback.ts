import { Type } from 'typebox';
import { closed, DigestText, FreeObject, Name, nullable, Time } from './common.ts';

const Scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()]);
const source = { repository: Name, version: Name, digest: DigestText };

export const Feedback = closed(
  {
    id: Type.Integer({ description: 'Increasing; for paging.' }),
    predictionId: Type.String(),
    service: Name,
    ...source,
    predictedAt: Time,
    receivedAt: Time,
    reward: nullable(Type.Number()),
    label: nullable(Type.Union([Scalar, Type.Array(Scalar)]), 'The true label.'),
    correct: nullable(Type.Boolean(), 'Whether the answer was right.'),
    comment: nullable(Type.String()),
    metadata: nullable(FreeObject('Facts that the sender added.')),
    key: nullable(Type.String(), 'The sender’s own id.'),
  },
  { title: 'Feedback' },
);

const VersionFeedback = closed(
  {
    ...source,
    count: Type.Integer(),
    reward: nullable(closed({ count: Type.Integer(), sum: Type.Number(), mean: Type.Number(), deviation: nullable(Type.Number(), 'Sample standard deviation; null below two.') }), 'null: nobody gave one.'),
    correct: nullable(closed({ count: Type.Integer(), correct: Type.Integer(), accuracy: Type.Number({ description: '0 to 1.' }) }), 'Of those that say whether the answer was right.'),
    labels: Type.Integer({ description: 'Those with a true label.' }),
    firstAt: Time,
    lastAt: Time,
  },
  { title: 'VersionFeedback' },
);

export const FeedbackSummary = closed(
  { service: Name, versions: Type.Array(VersionFeedback), removed: Type.Integer({ description: 'Entries of all services that are counted, but can’t be listed any more, since only so many are kept.' }) },
  { title: 'FeedbackSummary' },
);
