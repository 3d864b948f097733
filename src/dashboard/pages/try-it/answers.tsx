import { useSignal } from '@preact/signals';
import type { InferenceResult } from '../../../../clients/typescript/src/inference.ts';
import type { TensorOutput } from '../../../../clients/typescript/src/tensors.ts';
import { inference, messageOf } from '../../api.ts';
import { Badge } from '../../components/badge.tsx';
import { say } from '../../components/toast.tsx';
import { milliseconds, number } from '../../format.ts';
import { t } from '../../i18n/index.ts';
import { visible } from '../../text.ts';
import { differenceOf, largestOf, numbersOf, textsOf } from './tensors.ts';

/** What one version said. */
export interface TriedAnswer {
  /** Whom the request named; null: the traffic decided. */
  readonly asked: string | null;
  readonly result: InferenceResult | null;
  readonly refusal: string | null;
  readonly elapsedMs: number;
}

const VALUES_SHOWN = 64;
const TEXT_CHARACTERS_MAX = 2000;
const LARGEST = 5;

/** The answers side by side; each is compared with the first. */
export function Answers({ answers }: { readonly answers: readonly TriedAnswer[] }) {
  const first = answers.find(({ result }) => result !== null)?.result ?? null;
  return (
    <div class="answers">
      {answers.map((answer) => <AnswerCard key={answer.asked ?? ''} answer={answer} first={answer.result === first ? null : first} />)}
    </div>
  );
}

function AnswerCard({ answer: { asked, result, refusal, elapsedMs }, first }: { readonly answer: TriedAnswer; readonly first: InferenceResult | null }) {
  return (
    <section class="card answer">
      <header>
        <h3>{asked === null ? t('tryIt.byTraffic') : visible(asked)}</h3>
        {result && asked === null && <span>{t('tryIt.answeredBy', { version: visible(result.version) })}</span>}
        <span class="muted small end numbers">{milliseconds(elapsedMs)}</span>
      </header>
      {refusal !== null && <p class="trouble" role="alert">{visible(refusal)}</p>}
      {result && (
        <div class="stack">
          <p class="muted small numbers">{t('tryIt.timings', { queue: milliseconds(result.timings.queueMs), run: milliseconds(result.timings.runMs), total: milliseconds(result.timings.totalMs) })}</p>
          {Object.values(result.outputs).map((output) => <Output key={output.name} output={output} reference={first?.outputs[output.name] ?? null} />)}
          {result.predictionId && <Judgement predictionId={result.predictionId} />}
        </div>
      )}
    </section>
  );
}

function Output({ output, reference }: { readonly output: TensorOutput; readonly reference: TensorOutput | null }) {
  const values = numbersOf(output);
  const count = output.data.length;
  return (
    <div class="stack">
      <div class="row"><strong class="wrap">{visible(output.name)}</strong><code>{`${output.datatype} [${output.shape.join(', ')}]`}</code>{reference && <DifferenceBadge output={output} reference={reference} />}</div>
      {values === null ? <pre class="values">{visible(textsOf(output).slice(0, VALUES_SHOWN).join('\n').slice(0, TEXT_CHARACTERS_MAX))}</pre> : <pre class="values">{`${values.slice(0, VALUES_SHOWN).map(number).join(' ')}${count > VALUES_SHOWN ? ' …' : ''}`}</pre>}
      {values !== null && count > LARGEST && count <= 100_000 && <p class="small muted numbers">{t('tryIt.largest', { places: largestOf(values, LARGEST).map(({ index, value }) => `#${index} ${number(value)}`).join(', ') })}</p>}
      {count > VALUES_SHOWN && <p class="small muted">{t('tryIt.shown', { shown: VALUES_SHOWN, count })}</p>}
    </div>
  );
}

function DifferenceBadge({ output, reference }: { readonly output: TensorOutput; readonly reference: TensorOutput }) {
  const { equal, largest, sameTop } = differenceOf(reference, output);
  if (equal) return <Badge tone="good" text={t('tryIt.equal')} />;
  if (largest === null) return <Badge tone="warn" text={t('tryIt.other')} />;
  return <><Badge tone="warn" text={t('tryIt.differs', { difference: number(largest) })} />{sameTop !== null && <Badge tone={sameTop ? 'good' : 'bad'} text={t(sameTop ? 'tryIt.sameTop' : 'tryIt.otherTop')} />}</>;
}

/** Feedback on an answer: whether it was right. */
function Judgement({ predictionId }: { readonly predictionId: string }) {
  const given = useSignal(false);
  const send = async (correct: boolean): Promise<void> => {
    try {
      await inference.sendFeedback({ predictionId, correct });
      given.value = true;
    } catch (error) {
      say(messageOf(error), { bad: true });
    }
  };
  if (given.value) return <p class="muted small" role="status">{t('tryIt.judged')}</p>;
  return (
    <div class="row small">
      <span class="muted">{t('tryIt.judge')}</span>
      <button type="button" class="button small" onClick={() => void send(true)}>{t('tryIt.right')}</button>
      <button type="button" class="button small" onClick={() => void send(false)}>{t('tryIt.wrong')}</button>
    </div>
  );
}
