/** The head of a request in plain form. */
export interface PlainHead {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query: string;
  /** By lower-case name; every name occurs once. */
  readonly headers: ReadonlyMap<string, string>;
  /** Bytes of the body; 0: none. */
  readonly contentLength: number;
}

const REQUEST_LINE = /^(GET|POST) (\/[\x21\x22\x24-\x3e\x40-\x7e]*)(?:\?([\x21\x22\x24-\x7e]*))? HTTP\/1\.1$/;
const NAME = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
/** Everything but visible ASCII, spaces, tabs and line ends. */
const UNUSUAL = /[^\t\r\n\x20-\x7e]/;
const LENGTH = /^\d{1,15}$/;
/** What changes how a message is framed or a connection is used. */
const SPECIAL: ReadonlySet<string> = new Set(['transfer-encoding', 'expect', 'upgrade', 'trailer', 'te', 'proxy-connection', 'http2-settings']);

/**
 * Reads a head (without its last CR LF CR LF) in the plain form that almost every client sends: GET or POST of a path,
 * HTTP/1.1, one Host, a body framed by one Content-Length or none, nothing twice. Null for anything else, be it malformed or
 * only rare: that is node:http's to judge. So there is one reading of every plain head, and no second opinion on the others.
 */
export function parsePlainHead(text: string): PlainHead | null {
  if (UNUSUAL.test(text)) return null;
  const lines = text.split('\r\n');
  const line = REQUEST_LINE.exec(lines[0] as string);
  if (!line) return null;
  const headers = new Map<string, string>();
  for (let index = 1; index < lines.length; index++) {
    const field = lines[index] as string;
    const colon = field.indexOf(':');
    const name = field.slice(0, colon).toLowerCase();
    if (colon < 1 || !NAME.test(name) || headers.has(name) || SPECIAL.has(name) || field.includes('\r') || field.includes('\n')) return null;
    headers.set(name, field.slice(colon + 1).trim());
  }
  const connection = headers.get('connection');
  if (!headers.get('host') || (connection !== undefined && connection.toLowerCase() !== 'keep-alive')) return null;
  const length = headers.get('content-length');
  if (length !== undefined && !LENGTH.test(length)) return null;
  const method = line[1] as PlainHead['method'];
  const contentLength = Number(length ?? 0);
  if (method === 'GET' && contentLength > 0) return null;
  return { method, path: line[2] as string, query: line[3] ?? '', headers, contentLength };
}
