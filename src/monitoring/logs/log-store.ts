import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Redact } from '../../core/index.ts';
import { LOG_LEVELS, type LogLevel, type LogLine, type LogSource, parseLogLine, type WrittenAt } from './log-line.ts';
import type { Growth, LogWatch } from './log-watch.ts';
import { readLinesBackwards, readLinesBetween } from './read-lines.ts';

/** All given conditions must hold. */
export interface LogFilter {
  readonly service?: string | undefined;
  readonly version?: string | undefined;
  readonly replica?: string | undefined;
  /** This level and the graver ones. */
  readonly level?: LogLevel | undefined;
  /** Text that a line contains; case does not matter. */
  readonly search?: string | undefined;
  readonly requestId?: string | undefined;
  readonly predictionId?: string | undefined;
  readonly process?: LogSource['process'] | undefined;
}

export interface LogQuery extends LogFilter {
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
  /** The newest so many. */
  readonly tail: number;
}

export interface LogPage {
  /** Oldest first. */
  readonly lines: readonly LogLine[];
  /** Whether all logs were read as far as the question goes; false: there may be more, or older, lines. */
  readonly complete: boolean;
}

export interface LogStoreOptions {
  readonly sources: () => Promise<readonly LogSource[]>;
  readonly watch: LogWatch;
  readonly redact: Redact;
}

/** Read for one question. */
const SCAN_BYTES_MAX = 256 * 2 ** 20;
/** Of one log at one look, for one who follows; what is over is skipped and told. */
const FOLLOW_BYTES_MAX = 256 * 1024;
/** Lines whose time may be out of order by so much are all looked at. */
const ORDER_SLACK_MS = 10_000;
/** Lines between two turns of the event loop. */
const TURN_LINES = 500;

/** Who follows gets lines, and how many bytes of a log were left out since it grew too fast. */
export interface LogFollower {
  line(line: LogLine): void;
  skipped(source: LogSource, bytes: number): void;
}

/** All logs as one, by time. Lines are read from the files when somebody asks. */
export class LogStore {
  readonly #options: LogStoreOptions;

  constructor(options: LogStoreOptions) {
    this.#options = options;
  }

  get redact(): Redact {
    return this.#options.redact;
  }

  /** The newest lines that fit, oldest first. */
  async query(query: LogQuery): Promise<LogPage> {
    // What was written just now gets its time before it is read.
    await this.#options.watch.look();
    const sources = (await this.#options.sources()).filter((source) => maySpeakOf(source, query));
    let [left, complete] = [SCAN_BYTES_MAX, true];
    const take = (bytes: number): boolean => {
      left -= bytes;
      if (left < 0) complete = false;
      return left >= 0;
    };
    const readers = sources.map((source) => this.#matching(source, query, take));
    const lines = await newest(readers, query.tail + 1);
    return { lines: lines.slice(0, query.tail).reverse(), complete: complete && lines.length <= query.tail };
  }

  /** Tells of each new line until the returned function is called. Lines of one look come in the order of their logs. */
  follow(filter: LogFilter, follower: LogFollower): () => void {
    const nextByFile = new Map<string, number>();
    let work: Promise<void> = Promise.resolve();
    let [ended, waiting] = [false, 0];
    const unsubscribe = this.#options.watch.subscribe((growth) => {
      if (ended || !maySpeakOf(growth.source, filter)) return;
      // A follower that can't keep up with reading loses what comes meanwhile, and hears of it.
      if (waiting > 100) return follower.skipped(growth.source, growth.to - growth.from);
      waiting++;
      work = work.then(() => this.#tell(growth, filter, follower, nextByFile)).catch(() => undefined).finally(() => waiting--);
    });
    return () => {
      ended = true;
      unsubscribe();
    };
  }

  async #tell({ source, from, to, lost, cut, ...written }: Growth, filter: LogFilter, follower: LogFollower, nextByFile: Map<string, number>): Promise<void> {
    // A line that was half written at the last look begins before this one's growth.
    const held = (nextByFile.get(source.file) ?? from + cut) - cut;
    let start = held >= 0 && held <= from ? held : from;
    const over = Math.max(0, to - start - FOLLOW_BYTES_MAX);
    if (lost + over) follower.skipped(source, lost + over);
    start += over;
    const { lines, next } = await readLinesBetween(source.file, start, to);
    nextByFile.set(source.file, next);
    for (const { text } of lines) {
      const line = this.#match(text, source, written, filter);
      if (line) follower.line(line);
    }
  }

  /** A source's lines that fit, newest first. */
  async *#matching(source: LogSource, query: LogQuery, take: (bytes: number) => boolean): AsyncGenerator<LogLine> {
    const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = query;
    let count = 0;
    for await (const raw of readLinesBackwards(source.file, take)) {
      if (++count % TURN_LINES === 0) await nextTurn();
      const written = this.#options.watch.writtenAt(source, raw.offset);
      if (written.untilMs < fromMs - ORDER_SLACK_MS) return;
      const line = this.#match(raw.text, source, written, query);
      const at = line && Date.parse(line.at);
      if (line && at !== null && at >= fromMs && at <= toMs) yield line;
    }
  }

  #match(text: string, source: LogSource, written: WrittenAt, filter: LogFilter): LogLine | null {
    if (!mayHold(text, filter)) return null;
    const line = parseLogLine(text, source, written, this.#options.redact);
    return line && matches(line, filter) ? line : null;
  }
}

/** Whether any line of a source can fit. */
function maySpeakOf(source: LogSource, { service, version, replica, process }: LogFilter): boolean {
  if (process !== undefined && source.process !== process) return false;
  if (source.process !== 'worker') return true;
  return (service === undefined || source.service === service) && (version === undefined || source.version === version) && (replica === undefined || source.id === replica);
}

/** A cheap look before a line is parsed: JSON may write what is looked for in another way, so its escapes are not judged. */
function mayHold(text: string, { search, requestId, predictionId }: LogFilter): boolean {
  if (text.includes('\\')) return true;
  const has = (part: string | undefined): boolean => part === undefined || text.includes(part);
  return has(requestId) && has(predictionId) && (search === undefined || '[redacted]'.includes(search.toLowerCase()) || text.toLowerCase().includes(search.toLowerCase()));
}

/** Secrets are gone from a line before it is searched, so that nobody can guess them by searching. */
function matches(line: LogLine, filter: LogFilter): boolean {
  for (const key of ['service', 'version', 'replica', 'requestId', 'predictionId'] as const) if (filter[key] !== undefined && line[key] !== filter[key]) return false;
  if (filter.level !== undefined && LOG_LEVELS.indexOf(line.level) < LOG_LEVELS.indexOf(filter.level)) return false;
  if (filter.search === undefined) return true;
  const wanted = filter.search.toLowerCase();
  return line.message.toLowerCase().includes(wanted) || searchable(line).toLowerCase().includes(wanted);
}

const searchable = ({ fields, service, version, replica, requestId, predictionId }: LogLine): string => [service, version, replica, requestId, predictionId, ...Object.entries(fields).flatMap(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])].join(' ');

/** The newest lines of all readers, newest first. */
async function newest(readers: readonly AsyncGenerator<LogLine>[], count: number): Promise<LogLine[]> {
  const heads = await Promise.all(readers.map(async (reader) => (await reader.next()).value as LogLine | undefined));
  const lines: LogLine[] = [];
  while (lines.length < count) {
    let best = -1;
    heads.forEach((line, index) => {
      if (line && (best === -1 || line.at > (heads[best] as LogLine).at)) best = index;
    });
    if (best === -1) break;
    lines.push(heads[best] as LogLine);
    heads[best] = (await readers[best]?.next())?.value as LogLine | undefined;
  }
  await Promise.all(readers.map((reader) => reader.return(undefined)));
  return lines;
}
