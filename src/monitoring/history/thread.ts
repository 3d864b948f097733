/**
 * The history's thread: owns the database file, so that no commit, full disk or long question ever holds up control.
 * Requests are answered in order; writes that wait together share a commit.
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { LeptonError } from '../../core/index.ts';
import { decodeReport, type Report } from '../samples/index.ts';
import type { ThreadData, ThreadReply, ThreadRequest } from './messages.ts';
import { readHistory, readTotals } from './read.ts';
import { HistoryStore } from './store.ts';

/** Reports of one commit. */
const TOGETHER_MAX = 200;

const port = parentPort;
if (!port) throw new Error('this is the entry of a thread, not of a program');

const store = new HistoryStore(workerData as ThreadData);
let problem: string | null = null;
let usedBytes = store.usedBytes;

function reply(id: number, more: Pick<ThreadReply, 'answer' | 'totals' | 'error'> = {}): void {
  port?.postMessage({ id, state: { usedBytes, problem, setAside: store.setAside }, ...more } satisfies ThreadReply);
}

type Write = Extract<ThreadRequest, { kind: 'write' }>;

function decoded({ id, report }: Write): { id: number; report: Report } | null {
  try {
    return { id, report: decodeReport(report) };
  } catch (error) {
    reply(id, { error: { code: 'INVALID_ARGUMENT', message: `this is no report: ${(error as Error).message}` } });
    return null;
  }
}

function write(given: readonly Write[]): void {
  const requests = given.flatMap((one) => decoded(one) ?? []);
  try {
    store.write(requests.map(({ report }) => report));
    problem = null;
    maintain();
    for (const { id } of requests) reply(id);
  } catch (error) {
    problem = (error as Error).message;
    // Room may be what a full disk needs.
    maintain();
    for (const { id } of requests) reply(id, { error: { code: 'DATABASE_UNAVAILABLE', message: `the history could not be written: ${problem}` } });
  }
}

function maintain(): void {
  try {
    store.maintain(Date.now() / 1000);
    usedBytes = store.usedBytes;
  } catch (error) {
    problem = (error as Error).message;
  }
}

function answer(request: Extract<ThreadRequest, { kind: 'query' | 'totals' }>): void {
  const { id, now } = request;
  try {
    reply(id, request.kind === 'query' ? { answer: readHistory(store, request.query, now) } : { totals: readTotals(store, request.query, now) });
  } catch (error) {
    const code = error instanceof LeptonError && error.code === 'INVALID_ARGUMENT' ? 'INVALID_ARGUMENT' : 'INTERNAL';
    reply(id, { error: { code, message: (error as Error).message } });
  }
}

port.on('message', (first: ThreadRequest) => {
  const writes: Write[] = [];
  for (let request: ThreadRequest | undefined = first; request; ) {
    if (request.kind === 'write') writes.push(request);
    if (request.kind !== 'write' || writes.length >= TOGETHER_MAX) {
      if (writes.length) write(writes.splice(0));
      if (request.kind === 'query' || request.kind === 'totals') answer(request);
      if (request.kind === 'close') {
        store.close();
        reply(request.id);
        return port.close();
      }
    }
    request = (receiveMessageOnPort(port) as { message: ThreadRequest } | undefined)?.message;
  }
  if (writes.length) write(writes);
});
