import { ERRORS, GrpcStatus } from '../../../core/index.ts';
import { type FeedbackResult, sendFeedback, sendFeedbackList } from '../feedback.ts';
import type { FrontDependencies } from '../front.ts';
import { type Answer, messageMethod } from './message-method.ts';
import type { Method } from './server/index.ts';

/** A message with a `oneof kind`: which of its fields is set, and the fields. */
interface Kinds {
  readonly kind?: 'text' | 'number' | 'boolean' | 'list';
  readonly text?: string;
  readonly number?: number;
  readonly boolean?: boolean;
  readonly list?: { readonly values: readonly Kinds[] };
}
interface Entry {
  readonly prediction_id: string;
  readonly reward?: number;
  readonly label: Kinds | null;
  readonly correct?: boolean;
  readonly comment: string;
  readonly metadata: Readonly<Record<string, Kinds>>;
  readonly id: string;
}

const PACKAGE = 'lepton.v1';

/** lepton.v1.Feedback: what POST /v2/feedback does. */
export function feedbackMethods(dependencies: FrontDependencies): Iterable<[string, Method]> {
  const { feedback } = dependencies;
  const method = (name: string, request: string, response: string, answer: Answer): [string, Method] => [
    `/${PACKAGE}.Feedback/${name}`,
    { unary: messageMethod(dependencies, `${PACKAGE}.${request}`, `${PACKAGE}.${response}`, answer) },
  ];
  return [
    method('Send', 'FeedbackEntry', 'FeedbackReceipt', (entry: Entry) => sendFeedback(feedback, plainEntry(entry))),
    method('SendBatch', 'FeedbackBatch', 'FeedbackResults', async ({ entries }: { entries: readonly Entry[] }) => {
      const answer = await sendFeedbackList(feedback, entries.map(plainEntry));
      return { ...answer, results: answer.results.map(withGrpcStatus) };
    }),
  ];
}

/** As the REST API has it; what protobuf cannot leave out is left out when it is empty. */
function plainEntry({ prediction_id, reward, label, correct, comment, metadata, id }: Entry): object {
  const facts = Object.entries(metadata);
  return {
    prediction_id, reward, correct,
    label: label && plainValue(label),
    comment: comment || null,
    metadata: facts.length ? Object.fromEntries(facts.map(([name, value]) => [name, plainValue(value)])) : null,
    id: id || null,
  };
}

function plainValue(value: Kinds): unknown {
  if (value.kind === 'list') return value.list?.values.map(plainValue);
  return value.kind ? value[value.kind] : null;
}

const withGrpcStatus = (result: FeedbackResult): object => ('code' in result ? { ...result, status: GrpcStatus[ERRORS[result.code].grpc] } : { ...result, status: GrpcStatus.OK });
