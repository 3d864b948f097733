import { STATUS_CODES } from 'node:http';
import { partsOf, type RestReply } from '../exchange.ts';

/** Replies up to this size leave in one piece: copying costs less than a second buffer for the kernel. */
const ONE_PIECE_BYTES_MAX = 64 * 2 ** 10;
const VALUE = /^[\t\x20-\x7e]*$/;

let dateSecond = 0;
let dateText = '';

/** The bytes of a reply, in one or several pieces. `close`: no further request is answered on this connection. */
export function encodePlainReply({ status, headers, body }: RestReply, close: boolean): Buffer[] {
  const bytes = typeof body === 'string' ? Buffer.byteLength(body) : body.reduce((sum, part) => sum + part.byteLength, 0);
  const head = encodeHead(status, headers, bytes, close);
  if (bytes > ONE_PIECE_BYTES_MAX) return [Buffer.from(head, 'latin1'), ...partsOf(body).map(asBuffer)];
  const piece = Buffer.allocUnsafe(head.length + bytes);
  let at = piece.write(head, 0, 'latin1');
  if (typeof body === 'string') piece.write(body, at, 'utf8');
  else
    for (const part of body) {
      piece.set(part, at);
      at += part.byteLength;
    }
  return [piece];
}

function encodeHead(status: number, headers: RestReply['headers'], bytes: number, close: boolean): string {
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\ndate: ${date()}\r\n`;
  for (const name in headers) {
    const value = String(headers[name]);
    if (!VALUE.test(value)) throw new TypeError(`header ${name} has a value that HTTP cannot carry`);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}content-length: ${bytes}\r\n${close ? 'connection: close\r\n' : ''}\r\n`;
}

/** HTTP's date of this second. */
function date(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
