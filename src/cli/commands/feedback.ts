import type { Command } from 'commander';
import type { FeedbackInput, FeedbackSummary } from '../../../clients/typescript/src/index.ts';
import { action, type CliContext, collect, command, decimalNumber, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { metadataOf } from '../files.ts';
import { formatTime } from '../output.ts';

interface FeedbackFlags {
  readonly reward?: number;
  readonly label?: string;
  readonly correct?: boolean;
  readonly comment?: string;
  readonly metadata?: readonly string[];
  readonly id?: string;
  readonly service?: string;
  readonly list?: boolean;
  readonly version?: string;
  readonly limit?: number;
}

export const feedbackCommand = (): Command =>
  command('feedback [prediction]', 'Say how good an answer was, by its prediction id; with --service show what was said of each version.', [
    'feedback 01a2140a-b778-800a-aaaa-12fd1ad7dfa4 --reward 1',
    'feedback 01a2140a-b778-800a-aaaa-12fd1ad7dfa4 --label cat --no-correct',
    'feedback --service my-service',
    'feedback --service my-service --list --version v2 --json',
  ])
    .argument('[prediction]', 'the id that infer shows and answers have in lepton-prediction-id')
    .option('--reward <number>', 'how good the answer was', decimalNumber)
    .option('--label <label>', 'the true label: text, or a number or list as JSON')
    .option('--correct', 'the answer was right')
    .option('--no-correct', 'the answer was wrong')
    .option('--comment <text>', 'at most 1 KiB')
    .option('--metadata <key=value>', 'a fact to keep with it; may be repeated', collect)
    .option('--id <id>', 'your own id: the same again is a repetition')
    .option('--service <name>', 'show what was said of this service’s versions')
    .option('--list', 'with --service: the newest entries in place of the summary')
    .option('--version <version>', 'with --list: of this version only')
    .option('--limit <count>', 'with --list: so many', wholeNumber)
    .action(
      action<FeedbackFlags>(async (context, [predictionId], flags) => {
        if ((predictionId === undefined) === (flags.service === undefined)) throw new CliError('give a prediction id to send feedback, or --service to see it', ExitCode.usage);
        if (predictionId !== undefined) return send(context, inputOf(predictionId, flags));
        return flags.list ? list(context, flags.service as string, flags) : summary(context, flags.service as string);
      }),
    );

function inputOf(predictionId: string, { reward, label, correct, comment, metadata, id }: FeedbackFlags): FeedbackInput {
  if (reward === undefined && label === undefined && correct === undefined) throw new CliError('give at least one of --reward, --label, --correct and --no-correct', ExitCode.usage);
  return {
    predictionId,
    ...(reward !== undefined && { reward }),
    ...(label !== undefined && { label: labelOf(label) }),
    ...(correct !== undefined && { correct }),
    ...(comment !== undefined && { comment }),
    ...(metadata && { metadata: metadataOf(metadata) as NonNullable<FeedbackInput['metadata']> }),
    ...(id !== undefined && { id }),
  };
}

/** What is JSON becomes it, as with metadata. */
function labelOf(text: string): NonNullable<FeedbackInput['label']> {
  try {
    return JSON.parse(text) as NonNullable<FeedbackInput['label']>;
  } catch {
    return text;
  }
}

async function send({ inference, out }: CliContext, input: FeedbackInput): Promise<void> {
  const receipt = await inference.sendFeedback(input);
  out.result(receipt, () => out.line(receipt.duplicate ? 'known already: ' : 'stored: ', { text: `${receipt.service} ${receipt.version}`, style: 'bold' }));
}

async function summary({ client, out }: CliContext, service: string): Promise<void> {
  const found = await client.feedbackSummary(service);
  out.result(found, () => {
    if (!found.versions.length) return out.line(`no feedback on ${service} yet; answers have their id in lepton-prediction-id`);
    out.table(['version', 'feedback', 'mean reward', 'correct', 'labels', 'first', 'last'], found.versions.map(rowOf), { drop: ['first', 'labels'] });
  });
}

function rowOf({ repository, version, count, reward, correct, labels, firstAt, lastAt }: FeedbackSummary['versions'][number]): (string | number)[] {
  const mean = reward ? `${rounded(reward.mean)}${reward.deviation === null ? '' : ` ± ${rounded(reward.deviation)}`} (${reward.count})` : '-';
  const accuracy = correct ? `${rounded(correct.accuracy * 100)} % (${correct.correct} of ${correct.count})` : '-';
  return [`${repository}:${version}`, count, mean, accuracy, labels, formatTime(firstAt), formatTime(lastAt)];
}

const rounded = (value: number): string => String(Number(value.toPrecision(4)));

async function list({ client, out }: CliContext, service: string, { version, limit }: FeedbackFlags): Promise<void> {
  const entries = await client.listFeedback(service, { ...(version !== undefined && { version }), ...(limit !== undefined && { limit }) });
  out.result(entries, () =>
    out.table(['received', 'version', 'prediction', 'reward', 'label', 'correct', 'comment'], entries.map((entry) => [
      formatTime(entry.receivedAt), entry.version, entry.predictionId, entry.reward, entry.label === null ? null : JSON.stringify(entry.label), entry.correct === null ? null : entry.correct ? 'yes' : 'no', entry.comment,
    ]), { below: 'comment', drop: ['received'] }));
}
