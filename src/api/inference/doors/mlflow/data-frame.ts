import { type Datatype, isFloat, LeptonError } from '../../../../core/index.ts';
import { asArray, isObject, own } from '../../codec/parse-json.ts';
import { show } from '../../codec/values.ts';

/** Most columns of a frame. */
const COLUMNS_MAX = 100_000;

/** What pandas calls a DataFrame: rows of cells, every row with a cell for every column. At least one row. */
export interface DataFrame {
  /** Null: the request names none. */
  readonly columns: readonly string[] | null;
  readonly width: number;
  readonly rows: readonly (readonly unknown[])[];
  /** Where a row stands in the request, for messages. */
  readonly placeOfRow: (row: number) => string;
  /** What a cell says to an input of this datatype. */
  readonly read: (cell: unknown, datatype: Datatype) => unknown;
}

/** `{"columns"?: […], "index"?: […], "data": [[…], …]}`. */
export function frameFromSplit(value: unknown): DataFrame {
  if (!isObject(value)) throw new LeptonError('INVALID_ARGUMENT', `dataframe_split must be an object with 'columns' and 'data', not ${show(value)}`);
  const columns = own(value, 'columns') ?? null;
  const rows = own(value, 'data');
  if (!Array.isArray(rows)) throw new LeptonError('INVALID_ARGUMENT', `dataframe_split.data must be a list of rows, not ${show(rows)}`);
  return frame(columns === null ? null : columnNames(columns), rows, (row) => `dataframe_split.data[${row}]`);
}

/** `[{"column": cell, …}, …]`: every record with the columns of the first. */
export function frameFromRecords(value: unknown): DataFrame {
  if (!Array.isArray(value)) throw new LeptonError('INVALID_ARGUMENT', `dataframe_records must be a list of records, not ${show(value)}`);
  const placeOfRow = (row: number): string => `dataframe_records[${row}]`;
  const columns = isObject(value[0]) ? Object.keys(value[0]) : [];
  const rows = value.map((record: unknown, row) => {
    if (!isObject(record)) throw new LeptonError('INVALID_ARGUMENT', `${placeOfRow(row)} must be an object by column name, not ${show(record)}`);
    const missing = columns.find((column) => !Object.hasOwn(record, column));
    if (missing !== undefined) throw new LeptonError('INVALID_ARGUMENT', `${placeOfRow(row)} has no column '${missing.slice(0, 100)}', which ${placeOfRow(0)} has`);
    const extra = Object.keys(record).length > columns.length ? Object.keys(record).find((key) => !columns.includes(key)) : undefined;
    if (extra !== undefined) throw new LeptonError('INVALID_ARGUMENT', `${placeOfRow(row)} has a column '${extra.slice(0, 100)}', which ${placeOfRow(0)} has not`);
    return columns.map((column) => own(record, column));
  });
  return frame(columns, rows, placeOfRow);
}

/** Checks that the cells fill a rectangle. */
export function frame(columns: readonly string[] | null, rows: readonly unknown[], placeOfRow: DataFrame['placeOfRow'], read = jsonCell): DataFrame {
  if (rows.length === 0) throw new LeptonError('INVALID_ARGUMENT', 'the data frame has no rows; it must have at least one');
  const width = columns?.length ?? (Array.isArray(rows[0]) ? rows[0].length : 0);
  rows.forEach((row, index) => {
    if (!Array.isArray(row)) throw new LeptonError('INVALID_ARGUMENT', `${placeOfRow(index)} must be a list of cells, not ${show(row)}`);
    if (row.length !== width) throw new LeptonError('INVALID_ARGUMENT', `${placeOfRow(index)} has ${row.length} cells, but ${columns ? `there are ${width} columns` : `${placeOfRow(0)} has ${width}`}`);
  });
  return { columns, width, rows: rows as readonly unknown[][], placeOfRow, read };
}

/** NaN is how pandas says that a number is missing. */
const jsonCell: DataFrame['read'] = (cell, datatype) => (cell === null && isFloat(datatype) ? 'NaN' : cell);

/** pandas allows numbers as names. Throws INVALID_ARGUMENT for a name that comes twice. */
export function columnNames(value: unknown): string[] {
  const names = new Set<string>();
  for (const [index, name] of asArray(value, 'columns', COLUMNS_MAX).entries()) {
    if (typeof name !== 'string' && typeof name !== 'number' && typeof name !== 'bigint') throw new LeptonError('INVALID_ARGUMENT', `columns[${index}] is ${show(name)}, not a name`);
    if (names.has(String(name))) throw new LeptonError('INVALID_ARGUMENT', `column '${String(name).slice(0, 100)}' is there twice`);
    names.add(String(name));
  }
  return [...names];
}
