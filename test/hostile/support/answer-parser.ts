/** One HTTP answer as it came over the wire. */
export interface WireAnswer {
  readonly status: number;
  /** By lower-case name; repeated ones joined with ', '. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the server said that it closes the connection after it. */
  readonly closes: boolean;
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: number;
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/;
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9a-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/i;

/**
 * Reads answers from a byte stream and trusts nothing: what is not exactly HTTP/1.1 throws. `methods` are those of the
 * requests in their order, since the answer to a HEAD has no body.
 */
export class AnswerParser {
  readonly #methods: readonly string[];
  #buffer: Buffer = Buffer.alloc(0);
  #answered = 0;

  constructor(methods: readonly string[] = []) {
    this.#methods = methods;
  }

  /** Bytes that are no whole answer yet. */
  get pending(): Buffer {
    return this.#buffer;
  }

  /** The answers that are whole now; interim ones (1xx) among them. */
  push(chunk: Buffer): WireAnswer[] {
    this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, chunk]) : chunk;
    const answers: WireAnswer[] = [];
    for (let answer = this.#next(); answer; answer = this.#next()) answers.push(answer);
    return answers;
  }

  #next(): WireAnswer | null {
    const head = readHead(this.#buffer);
    if (!head) return null;
    const { status, headers } = head;
    const body = status < 200 || status === 204 || status === 304 || this.#methods[this.#answered] === 'HEAD' ? { data: Buffer.alloc(0), bytes: 0 } : readBody(headers, this.#buffer.subarray(head.bytes));
    if (!body) return null;
    if (status >= 200) this.#answered++;
    this.#buffer = this.#buffer.subarray(head.bytes + body.bytes);
    return { status, headers, body: body.data, closes: /\bclose\b/i.test(headers.get('connection') ?? '') };
  }
}

function readHead(buffer: Buffer): Head | null {
  const end = buffer.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const [first = '', ...lines] = buffer.toString('latin1', 0, end).split('\r\n');
  const status = STATUS_LINE.exec(first);
  if (!status) throw new Error(`not a status line: ${JSON.stringify(first.slice(0, 200))}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    if (!name) throw new Error(`not a header line: ${JSON.stringify(line.slice(0, 200))}`);
    const earlier = headers.get(name.toLowerCase());
    headers.set(name.toLowerCase(), earlier === undefined ? value : `${earlier}, ${value}`);
  }
  return { status: Number(status[1]), headers, bytes: end + 4 };
}

function readBody(headers: ReadonlyMap<string, string>, rest: Buffer): { data: Buffer; bytes: number } | null {
  const [length, encoding] = [headers.get('content-length'), headers.get('transfer-encoding')];
  if (length !== undefined && encoding !== undefined) throw new Error('an answer with content-length and transfer-encoding');
  if (encoding !== undefined) return readChunks(rest);
  if (length === undefined || !/^\d+$/.test(length)) throw new Error(`an answer with content-length ${length}: its end cannot be told`);
  return rest.length < Number(length) ? null : { data: rest.subarray(0, Number(length)), bytes: Number(length) };
}

function readChunks(rest: Buffer): { data: Buffer; bytes: number } | null {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(rest.toString('latin1', at, lineEnd), 16);
    if (!Number.isSafeInteger(size)) throw new Error(`chunk size ${JSON.stringify(rest.toString('latin1', at, lineEnd))}`);
    const end = lineEnd + 2 + size;
    if (rest.length < end + 2) return null;
    if (rest.toString('latin1', end, end + 2) !== '\r\n') throw new Error('a chunk without its line end');
    if (size === 0) return { data: Buffer.concat(chunks), bytes: end + 2 };
    chunks.push(rest.subarray(lineEnd + 2, end));
    at = end + 2;
  }
}
