import Papa from 'papaparse';
import { type Datatype, isFloat, LeptonError } from '../../../../core/index.ts';
import { utf8Text } from '../../codec/parse-json.ts';
import { columnNames, type DataFrame, frame } from './data-frame.ts';

/** What pandas.read_csv takes for a missing value. */
const MISSING: ReadonlySet<string> = new Set(['', '#N/A', '#N/A N/A', '#NA', '-1.#IND', '-1.#QNAN', '-NaN', '-nan', '1.#IND', '1.#QNAN', '<NA>', 'N/A', 'NA', 'NULL', 'NaN', 'None', 'n/a', 'nan', 'null']);
const WHOLE = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** A sign and the digits of the largest 64-bit integer. */
const INT64_TEXT_MAX = 21;
const INFINITE = /^([+-]?)inf(inity)?$/i;

/** CSV (RFC 4180) with a header row; cells are text. Throws INVALID_ARGUMENT with the line. */
export function frameFromCsv(body: Uint8Array): DataFrame {
  const [header, ...rows] = parseCsv(utf8Text(withoutByteOrderMark(body)));
  if (!header) throw new LeptonError('INVALID_ARGUMENT', 'the CSV is empty; its first row must name the columns');
  return frame(columnNames(header), rows, (row) => `row ${row + 1} of the CSV`, csvCell);
}

/** A cell as the JSON value that a datatype reads; what has no such form stays text, for the reader's own message. */
function csvCell(cell: unknown, datatype: Datatype): unknown {
  if (typeof cell !== 'string' || datatype === 'BYTES') return cell;
  const text = cell.trim();
  if (datatype === 'BOOL') return text.toLowerCase() === 'true' ? true : text.toLowerCase() === 'false' ? false : cell;
  if (MISSING.has(text)) return isFloat(datatype) ? 'NaN' : null;
  const infinite = INFINITE.exec(text);
  if (infinite) return infinite[1] === '-' ? '-Infinity' : 'Infinity';
  if (WHOLE.test(text) && !Number.isSafeInteger(Number(text)) && text.length <= INT64_TEXT_MAX) return BigInt(text.replace('+', ''));
  return DECIMAL.test(text) ? Number(text) : cell;
}

function parseCsv(text: string): string[][] {
  const { data, errors } = Papa.parse<string[]>(text, { delimiter: ',', skipEmptyLines: true });
  const [error] = errors;
  if (error) throw new LeptonError('INVALID_ARGUMENT', `row ${error.row ?? 0} of the CSV can't be read: ${error.message}`);
  return data;
}

/** Spreadsheets write one. */
const withoutByteOrderMark = (body: Uint8Array): Uint8Array => (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body);
