/**
 * Feedback on answers, by prediction id: REST and gRPC speak through this. It is checked and bounded here; control joins it to
 * the version that answered, stores it, and says what became of it.
 */
import { asLeptonError, ERRORS, type ErrorCode, FEEDBACK_ENTRIES_MAX, type FeedbackContent, type FeedbackEntry, type FeedbackLabel, type FeedbackOutcome, LeptonError } from '../../core/index.ts';
import { refuseDuplicateKeys } from './codec/duplicate-keys.ts';
import { asArray, asObject, asString, isObject, parseJson, show, utf8Text } from './codec/index.ts';
import { optional } from './codec/parse-json.ts';

/** What control does for the fronts. */
export interface FeedbackControl {
  /** Resolves when everything accepted is stored, with the outcomes in order. Rejects with CONTROL_UNAVAILABLE or DATABASE_UNAVAILABLE: then send it again. */
  send(entries: readonly FeedbackEntry[]): Promise<readonly FeedbackOutcome[]>;
}

/** What became of an entry of a list; `status` is what it would have had by itself. */
export type FeedbackResult = (FeedbackReceipt & { readonly status: 200 }) | { readonly prediction_id: string; readonly status: number; readonly code: ErrorCode; readonly error: string };
export interface FeedbackReceipt {
  readonly prediction_id: string;
  /** It was stored before: the same content, or something with the same `id`. */
  readonly duplicate: boolean;
  /** Whose answer it is about. */
  readonly service: string;
  readonly version: string;
}
export interface FeedbackResults {
  readonly results: readonly FeedbackResult[];
  readonly accepted: number;
  readonly duplicates: number;
  readonly refused: number;
}

const BODY_BYTES_MAX = 4 * 2 ** 20;
const TEXT_BYTES_MAX = 1024;
/** Sums of squares stay finite. */
const REWARD_MAX = 1e100;
const LABEL_ENTRIES_MAX = 256;
const METADATA_ENTRIES_MAX = 32;
/** Of a label or of metadata as JSON. */
const VALUE_BYTES_MAX = 4096;
const KEYS: readonly string[] = ['prediction_id', 'reward', 'label', 'correct', 'comment', 'metadata', 'id'];
const KEY = /^[\x21-\x7e]{1,128}$/;
const METADATA_NAME = /^[\w.:/-]{1,64}$/;

/** POST /v2/feedback: one object, whose refusal is the answer's; or a list, whose entries each have a result of their own. */
export async function answerFeedback(control: FeedbackControl, body: Buffer): Promise<FeedbackReceipt | FeedbackResults> {
  if (body.length > BODY_BYTES_MAX) throw new LeptonError('TOO_LARGE', `the body has ${body.length} bytes, but feedback may have ${BODY_BYTES_MAX} a request; send it in several`);
  const text = utf8Text(body);
  const given = parseJson(text);
  refuseDuplicateKeys(text, 0);
  return Array.isArray(given) ? sendFeedbackList(control, given) : sendFeedback(control, given);
}

/** Sends one entry, in the form of the REST API. Rejects with what is wrong with it. */
export async function sendFeedback(control: FeedbackControl, given: unknown): Promise<FeedbackReceipt> {
  const [outcome] = await control.send([feedbackEntry(given)]);
  if (!outcome) throw new LeptonError('INTERNAL', 'control has told no outcome');
  if (outcome.outcome === 'refused') throw new LeptonError(outcome.code, outcome.error);
  return receiptOf(outcome);
}

/** Sends several; a wrong one among them is its own affair. */
export async function sendFeedbackList(control: FeedbackControl, given: readonly unknown[]): Promise<FeedbackResults> {
  const checked = asArray(given, 'the list of feedback', FEEDBACK_ENTRIES_MAX).map(entryOrRefusal);
  const entries = checked.flatMap((one) => ('outcome' in one ? [] : [one]));
  const outcomes = entries.length ? [...(await control.send(entries))].reverse() : [];
  const results = checked.map((one) => resultOf('outcome' in one ? one : (outcomes.pop() as FeedbackOutcome)));
  const count = (test: (result: FeedbackResult) => boolean): number => results.filter(test).length;
  const refused = count((result) => 'error' in result);
  const duplicates = count((result) => 'duplicate' in result && result.duplicate);
  return { results, accepted: results.length - refused - duplicates, duplicates, refused };
}

function entryOrRefusal(given: unknown): FeedbackEntry | FeedbackOutcome {
  try {
    return feedbackEntry(given);
  } catch (thrown) {
    const { code, message } = asLeptonError(thrown);
    const id = isObject(given) ? optional(given, 'prediction_id') : undefined;
    return { predictionId: typeof id === 'string' ? id.slice(0, 100) : '', outcome: 'refused', code, error: message };
  }
}

function resultOf(outcome: FeedbackOutcome): FeedbackResult {
  if (outcome.outcome === 'refused') return { prediction_id: outcome.predictionId, status: ERRORS[outcome.code].http, code: outcome.code, error: outcome.error };
  return { ...receiptOf(outcome), status: 200 };
}

const receiptOf = ({ predictionId, outcome, service, version }: Exclude<FeedbackOutcome, { outcome: 'refused' }>): FeedbackReceipt => ({ prediction_id: predictionId, duplicate: outcome === 'duplicate', service, version });

/** One entry from a client's object; throws INVALID_ARGUMENT naming the field. Fields that are null count as left out. */
function feedbackEntry(given: unknown): FeedbackEntry {
  const object = asObject(given, 'feedback');
  const unknown = Object.keys(object).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw new LeptonError('INVALID_ARGUMENT', `feedback has no field ${show(unknown)}; it has ${KEYS.join(', ')}`);
  const field = <T>(name: string, read: (value: unknown, name: string) => T): T | undefined => {
    const value = optional(object, name);
    return value === undefined ? undefined : read(value, name);
  };
  const predictionId = field('prediction_id', asString);
  if (predictionId === undefined) throw new LeptonError('INVALID_ARGUMENT', 'prediction_id is missing; it is in the answer’s header lepton-prediction-id');
  const content = { reward: field('reward', asReward), label: field('label', asLabel), correct: field('correct', asBoolean) };
  if (Object.values(content).every((value) => value === undefined)) throw new LeptonError('INVALID_ARGUMENT', 'feedback needs at least one of reward, label and correct');
  return withoutAbsent({ predictionId: predictionId.slice(0, 200), ...content, comment: field('comment', asText), metadata: field('metadata', asMetadata), key: field('id', asKey) });
}

/** Fields that are undefined are left out. */
const withoutAbsent = (entry: Readonly<Record<string, unknown>>): FeedbackEntry => Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined)) as unknown as FeedbackEntry;

function asReward(value: unknown, field: string): number {
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Math.abs(number) <= REWARD_MAX) return number;
  throw new LeptonError('INVALID_ARGUMENT', `${field} must be a number from -${REWARD_MAX} to ${REWARD_MAX}, not ${show(value)}`);
}

function asBoolean(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new LeptonError('INVALID_ARGUMENT', `${field} must be true or false, not ${show(value)}`);
}

function asText(value: unknown, field: string): string {
  const text = asString(value, field);
  const bytes = Buffer.byteLength(text);
  if (bytes > TEXT_BYTES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${bytes} bytes, more than ${TEXT_BYTES_MAX}`);
  // Postgres keeps no text with it.
  if (text.includes('\0')) throw new LeptonError('INVALID_ARGUMENT', `${field} has a NUL character`);
  return text;
}

function asKey(value: unknown, field: string): string {
  if (typeof value === 'string' && KEY.test(value)) return value;
  throw new LeptonError('INVALID_ARGUMENT', `${field} must be 1 to 128 printable ASCII characters without spaces, not ${show(value)}`);
}

function asScalar(value: unknown, field: string): string | number | boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string') return asText(value, field);
  if (typeof value === 'bigint') throw new LeptonError('INVALID_ARGUMENT', `${field} is ${show(value)}, which a double does not hold exactly; write it as text`);
  throw new LeptonError('INVALID_ARGUMENT', `${field} must be a text, a finite number, or true or false, not ${show(value)}`);
}

function asLabel(value: unknown, field: string): FeedbackLabel {
  if (!Array.isArray(value)) return asScalar(value, field);
  return bounded(asArray(value, field, LABEL_ENTRIES_MAX).map((entry, index) => asScalar(entry, `${field}[${index}]`)), field);
}

function asMetadata(value: unknown, field: string): NonNullable<FeedbackContent['metadata']> {
  const entries = Object.entries(asObject(value, field));
  if (entries.length > METADATA_ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${entries.length} entries, more than ${METADATA_ENTRIES_MAX}`);
  const checked = entries.map(([name, entry]) => {
    if (!METADATA_NAME.test(name) || name === '__proto__') throw new LeptonError('INVALID_ARGUMENT', `${field} has the name ${show(name)}; names are 1 to 64 letters, digits and . _ : / -`);
    return [name, entry === null ? null : asScalar(entry, `${field}.${name}`)] as const;
  });
  return bounded(Object.fromEntries(checked), field);
}

function bounded<T>(value: T, field: string): T {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > VALUE_BYTES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${bytes} bytes as JSON, more than ${VALUE_BYTES_MAX}`);
  return value;
}
