/** The clients of a soak: good, rare, impatient and malformed ones. Each does one thing a call and throws what should not be. */
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { begin, message, outcomeOf } from '../../src/testing/grpc-raw-client.ts';
import { encodeInferMessage } from '../fuzz/protobuf.ts';
import { RawClient } from '../hostile/support/raw-client.ts';
import { chunked, inferBinary, inferJson, reasonOf, request, wrongWith } from '../hostile/support/requests.ts';

/** Longest wait for an answer: a version whose worker was killed is back within it. */
const PATIENCE_MS = 20_000;

interface SoakPorts {
  readonly http: number;
  readonly grpc: number;
}
export type SoakClient = () => Promise<void>;

/** Ends of the connections that clients keep, for when all is done. */
const kept = new Set<() => void>();

export function closeClients(): void {
  for (const close of kept) close();
  kept.clear();
}

const TARGETS = {
  /** Keeps its versions v1 and v2. */
  kept: '/v2/models/kept/infer',
  /** Its version is replaced and rolled back. */
  swapped: '/v2/models/swapped/infer',
} as const;
const GRPC_SERVICE = '/inference.GRPCInferenceService';

let serial = 0;
const nextSeed = (): number => ++serial % 1_000_000;

/** A client on a kept connection, which it opens again when the server has closed it between requests (as a gateway that is told to leave does). */
function keepAlive(port: number, make: (seed: number) => { bytes: Buffer; check: (client: RawClient, seed: number) => string | null }): SoakClient {
  let client: RawClient | null = null;
  kept.add(() => client?.destroy());
  return async () => {
    if (!client || client.closed) client = await RawClient.open(port);
    const mine = client;
    const seed = nextSeed();
    const { bytes, check } = make(seed);
    mine.answers.length = 0;
    try {
      await mine.send(bytes).answered(1, PATIENCE_MS);
      const wrong = check(mine, seed);
      if (wrong) throw new Error(wrong);
    } catch (error) {
      mine.destroy();
      throw error;
    }
  };
}

/** All of them, by kind. */
export const soakClients = (ports: SoakPorts): Readonly<Record<string, SoakClient>> => ({ ...httpClients(ports), ...grpcClients(ports) });

const rightSums = ({ answers }: RawClient, seed: number): string | null => wrongWith(answers[0], seed);

function httpClients({ http }: SoakPorts): Readonly<Record<string, SoakClient>> {
  const json = (target: string, headers: Record<string, string> = {}): SoakClient => keepAlive(http, (seed) => ({ bytes: request({ target, headers, body: inferJson(seed) }), check: rightSums }));
  return {
    'json': json(TARGETS.kept),
    'json swapped': json(TARGETS.swapped),
    'pinned': keepAlive(http, (seed) => ({ bytes: request({ target: `/v2/models/kept/versions/v${1 + (seed % 2)}/infer`, body: inferJson(seed) }), check: (client) => rightSums(client, seed) ?? (client.answers[0]?.headers.get('lepton-version') === `v${1 + (seed % 2)}` ? null : 'another version answered') })),
    'sticky': sticky(http),
    'binary': binary(http, TARGETS.kept, 1),
    'binary swapped': binary(http, TARGETS.swapped, 1),
    'large': binary(http, TARGETS.kept, 4000),
    'compressed': compressed(http),
    'chunked': keepAlive(http, (seed) => ({ bytes: Buffer.concat([request({ target: TARGETS.kept, headers: { 'transfer-encoding': 'chunked' } }), Buffer.from(chunked(inferJson(seed)))]), check: rightSums })),
    'once': async () => {
      const seed = nextSeed();
      const client = await RawClient.open(http);
      const answers = await client.send(request({ target: TARGETS.kept, headers: { connection: 'close' }, body: inferJson(seed) })).ended(PATIENCE_MS);
      const wrong = wrongWith(answers[0], seed);
      if (wrong) throw new Error(wrong);
    },
    'half-closed': async () => {
      const seed = nextSeed();
      const client = await RawClient.open(http);
      client.send(request({ target: TARGETS.kept, body: inferJson(seed) })).socket.end();
      const wrong = wrongWith((await client.ended(PATIENCE_MS))[0], seed);
      if (wrong) throw new Error(wrong);
    },
    'cut': async () => {
      const bytes = request({ target: TARGETS.kept, body: inferBinary(1, 50).body });
      const client = await RawClient.open(http);
      client.send(bytes.subarray(0, nextSeed() % bytes.length));
      await wait(nextSeed() % 5);
      if (nextSeed() % 2) client.reset();
      else client.destroy();
    },
    'cancelled': async () => {
      const client = await RawClient.open(http);
      client.send(request({ target: TARGETS.swapped, body: inferJson(1) }));
      await new Promise(setImmediate);
      client.reset();
    },
    'deadline': async () => {
      const client = await RawClient.open(http);
      const body = JSON.stringify({ ...JSON.parse(inferJson(3)), parameters: { timeout: 1 + (nextSeed() % 2000) } });
      const [answer] = await client.send(request({ target: TARGETS.kept, body })).answered(1, PATIENCE_MS);
      client.destroy();
      if (answer?.status !== 200 && answer?.status !== 504) throw new Error(`${answer?.status} ${answer?.body.toString()}`);
    },
    'malformed': malformed(http),
    'metrics': ask(http, '/metrics'),
    'management': ask(http, '/api/v1/services'),
  };
}

function binary(port: number, target: string, rows: number): SoakClient {
  return keepAlive(port, (seed) => {
    const { body, jsonBytes } = inferBinary(seed, rows);
    return { bytes: request({ target, headers: { 'inference-header-content-length': jsonBytes }, body }), check: rightSums };
  });
}

function compressed(port: number): SoakClient {
  return keepAlive(port, (seed) => ({
    bytes: request({ target: TARGETS.kept, headers: { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' }, body: gzipSync(inferJson(seed)) }),
    check: ({ answers: [answer] }) => wrongWith(answer && { ...answer, body: answer.headers.get('content-encoding') === 'gzip' ? gunzipSync(answer.body) : answer.body }, seed),
  }));
}

/** A user always meets one version. */
function sticky(port: number): SoakClient {
  const versions = new Map<string, string | undefined>();
  return keepAlive(port, (seed) => {
    const user = `user-${seed % 100}`;
    return {
      bytes: request({ target: TARGETS.kept, headers: { 'x-user': user }, body: inferJson(seed) }),
      check: (client) => {
        const version = client.answers[0]?.headers.get('lepton-version');
        const known = versions.get(user) ?? version;
        versions.set(user, known);
        return rightSums(client, seed) ?? (version === known ? null : `${user} met ${version} after ${known}`);
      },
    };
  });
}

const MALFORMED: readonly (readonly [Buffer, readonly number[]])[] = [
  [request({ target: TARGETS.kept, body: '{' }), [400]],
  [request({ target: '/v2/models/nobody/infer', body: inferJson(1) }), [404]],
  [request({ target: TARGETS.kept, headers: { 'content-encoding': 'gzip' }, body: 'not gzip' }), [400]],
  [request({ target: TARGETS.kept, headers: { 'content-length': 2_000_000_000 } }), [413]],
  [Buffer.from('nonsense\r\n\r\n'), [400]],
  [Buffer.from('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n'), [400]],
  [request({ target: TARGETS.kept, body: inferJson(1).replaceAll('INT32', 'INT99') }), [400]],
  [request({ target: TARGETS.kept, headers: { 'x-long': 'x'.repeat(50_000) }, body: '' }), [431]],
];

function malformed(port: number): SoakClient {
  return async () => {
    const [bytes, statuses] = MALFORMED[nextSeed() % MALFORMED.length] as (typeof MALFORMED)[number];
    const client = await RawClient.open(port);
    const [answer] = await client.send(bytes).answered(1, PATIENCE_MS);
    client.destroy();
    if (!answer || !statuses.includes(answer.status)) throw new Error(`${answer?.status} instead of ${statuses}`);
    reasonOf(answer);
  };
}

function ask(port: number, target: string): SoakClient {
  return keepAlive(port, () => ({ bytes: request({ method: 'GET', target }), check: ({ answers: [answer] }) => (answer?.status === 200 ? null : `${answer?.status}`) }));
}

function grpcClients({ grpc }: SoakPorts): Readonly<Record<string, SoakClient>> {
  let session: ClientHttp2Session | null = null;
  kept.add(() => session?.destroy());
  const start = (method: string): ClientHttp2Stream => {
    if (!session || session.closed || session.destroyed) {
      session = connectHttp2(`http://127.0.0.1:${grpc}`);
      session.on('error', () => {});
    }
    return begin(session, `${GRPC_SERVICE}/${method}`);
  };
  return {
    'grpc': () => expectSums(start('ModelInfer'), 'kept', 1),
    'grpc swapped': () => expectSums(start('ModelInfer'), 'swapped', 1),
    'grpc stream': () => expectSums(start('ModelStreamInfer'), 'kept', 20),
    'grpc cancelled': async () => {
      const stream = start(nextSeed() % 2 ? 'ModelInfer' : 'ModelStreamInfer');
      stream.write(inferMessage('kept', 1));
      await wait(nextSeed() % 3);
      stream.close(8);
    },
    'grpc malformed': async () => {
      const stream = start('ModelInfer');
      stream.end(message(Buffer.from('this is no message')));
      const { status, rstCode } = await outcomeOf(stream, PATIENCE_MS);
      if (status !== 3) throw new Error(`status ${status ?? `none, reset with ${rstCode},`} instead of 3`);
    },
    'grpc dropped': async () => {
      const own = connectHttp2(`http://127.0.0.1:${grpc}`);
      own.on('error', () => {});
      begin(own, `${GRPC_SERVICE}/ModelInfer`).end(inferMessage('kept', 1));
      await wait(nextSeed() % 5);
      own.destroy();
    },
  };
}

const inferMessage = (model: string, seed: number): Buffer => message(encodeInferMessage({ model, id: 'soak', inputs: [Array(16).fill(seed), Array(16).fill(seed * 2)], raw: true }));

/** So many messages, so many right answers. */
async function expectSums(stream: ClientHttp2Stream, model: string, count: number): Promise<void> {
  const seed = nextSeed();
  const ended = outcomeOf(stream, PATIENCE_MS);
  for (let sent = 0; sent < count; sent++) stream.write(inferMessage(model, seed));
  stream.end();
  const { status, body, message: reason, rstCode } = await ended;
  if (status !== 0) throw new Error(status === undefined ? `the stream was reset with ${rstCode}` : `status ${status}: ${reason}`);
  const sums = Buffer.from(Int32Array.from(Array(16).fill(seed * 3)).buffer);
  let found = 0;
  for (let at = body.indexOf(sums); at >= 0; at = body.indexOf(sums, at + sums.length)) found++;
  if (found !== count) throw new Error(`${found} right answers to ${count} messages`);
}
