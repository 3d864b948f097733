import { Type } from 'typebox';
import { closed, Name, nullable, Strings, Time } from './common.ts';

export const CaptureInput = closed(
  {
    rate: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Share of answers, above 0 to 1.' }),
    versions: Type.Optional(nullable(Type.Array(Name, { minItems: 1, maxItems: 200 }), 'Default: every version.')),
    perSecondMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Of one gateway; default 50.' })),
    tensorBytesMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_048_576, description: 'A longer tensor is noted without its values; default 65536.' })),
    redact: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 256 }), { maxItems: 100, description: 'Tensors whose values are left out, by name.' })),
    forSeconds: Type.Optional(nullable(Type.Number({ minimum: 1, maximum: 31_536_000 }), 'How long; default: until it is switched off.')),
  },
  { title: 'CaptureInput' },
);
export const CaptureRule = closed(
  { service: Name, versions: nullable(Type.Array(Type.String())), rate: Type.Number(), perSecondMax: Type.Integer(), tensorBytesMax: Type.Integer(), redact: Strings('Tensors without values.'), until: nullable(Time) },
  { title: 'CaptureRule' },
);
export const CaptureOverview = closed(
  {
    rules: Type.Array(CaptureRule),
    versions: Type.Array(closed({ service: Type.String(), version: Type.String(), bytes: Type.Integer() }), { description: 'Those with captured answers.' }),
    captured: Type.Integer({ description: 'Since control started.' }),
    dropped: Type.Integer({ description: 'Sampled answers that were left out since a buffer, a second or the disk was full.' }),
  },
  { title: 'CaptureOverview' },
);
export const ReferenceResult = closed({ rows: Type.Integer({ description: '0: the answers from now on become the reference.' }) }, { title: 'ReferenceResult' });

const FeatureDrift = closed(
  {
    feature: Type.String(),
    kind: Type.Enum(['numerical', 'categorical']),
    psi: nullable(Type.Number(), 'Population stability index.'),
    psiByChance: nullable(Type.Number(), 'What it is on average without drift, with samples of these sizes.'),
    ks: nullable(Type.Number(), 'Two-sample Kolmogorov-Smirnov statistic.'),
    ksP: nullable(Type.Number(), 'Its p-value.'),
    referenceSamples: Type.Integer(),
    samples: Type.Integer(),
    verdict: Type.Enum(['stable', 'shifted', 'drifted', 'not enough data']),
  },
  { title: 'FeatureDrift' },
);
const LabelMix = closed({ feature: Type.String(), from: Type.String(), to: Type.String(), samples: Type.Integer(), labels: Type.Array(closed({ label: Type.String(), count: Type.Integer() })) }, { title: 'LabelMix' });
export const DriftReport = closed({ referenceRows: Type.Integer(), rows: Type.Integer(), features: Type.Array(FeatureDrift, { description: 'Those that drifted most first.' }), labelMix: Type.Array(LabelMix) }, { title: 'DriftReport' });
