import { crc32 } from 'node:zlib';
import { LeptonError } from '../../core/index.ts';
import type { CapturedRow, CapturedValue } from './rows.ts';

/** NumPy's type and bytes of a value, by datatype. Source: NEP 1, the .npy format; .npz is a zip of them. */
const TYPES: Readonly<Record<string, readonly [descr: string, size: number, write: (into: Buffer, value: CapturedValue, at: number) => void]>> = {
  BOOL: ['|b1', 1, (into, value, at) => into.writeUInt8(value ? 1 : 0, at)],
  INT8: ['|i1', 1, (into, value, at) => into.writeInt8(Number(value), at)],
  UINT8: ['|u1', 1, (into, value, at) => into.writeUInt8(Number(value), at)],
  INT16: ['<i2', 2, (into, value, at) => into.writeInt16LE(Number(value), at)],
  UINT16: ['<u2', 2, (into, value, at) => into.writeUInt16LE(Number(value), at)],
  INT32: ['<i4', 4, (into, value, at) => into.writeInt32LE(Number(value), at)],
  UINT32: ['<u4', 4, (into, value, at) => into.writeUInt32LE(Number(value), at)],
  INT64: ['<i8', 8, (into, value, at) => into.writeBigInt64LE(BigInt(value as number | string), at)],
  UINT64: ['<u8', 8, (into, value, at) => into.writeBigUInt64LE(BigInt(value as number | string), at)],
  FP64: ['<f8', 8, (into, value, at) => into.writeDoubleLE(value === null ? Number.NaN : Number(value), at)],
};
const FLOAT: (typeof TYPES)[string] = ['<f4', 4, (into, value, at) => into.writeFloatLE(value === null ? Number.NaN : Number(value), at)];

/**
 * Captured rows as an .npz: each tensor one array, its requests behind each other along dimension 0, and `<tensor>.request` with
 * the number of the request that each row is of; `prediction_id` and `at` by request. PRECONDITION_FAILED when a tensor's
 * further dimensions differ between requests: there is no one array of them.
 */
export function npzOf(rows: readonly CapturedRow[]): Buffer {
  const arrays: [name: string, npy: Buffer][] = [
    ['prediction_id', textArray(rows.map(({ prediction_id: id }) => id))],
    ['at', npy('<M8[ms]', [rows.length], numbers(rows.length, 8, (into, index) => into.writeBigInt64LE(BigInt(Date.parse((rows[index] as CapturedRow).at)), index * 8)))],
  ];
  const columns = new Set(rows.flatMap((row) => Object.keys(row).filter((key) => key.endsWith('.datatype')).map((key) => key.slice(0, -'.datatype'.length))));
  for (const column of columns) arrays.push(...tensorArrays(column, rows));
  return zip(arrays);
}

function tensorArrays(column: string, rows: readonly CapturedRow[]): [string, Buffer][] {
  const values: CapturedValue[] = [];
  const requests: number[] = [];
  let [trailing, datatype]: [string | null, string] = [null, 'FP32'];
  for (const [index, row] of rows.entries()) {
    const data = row[column] as readonly CapturedValue[] | null | undefined;
    const [first = 1, ...rest] = (row[`${column}.shape`] ?? []) as number[];
    if (!data) continue;
    trailing ??= JSON.stringify(rest);
    datatype = row[`${column}.datatype`] as string;
    if (trailing !== JSON.stringify(rest)) throw new LeptonError('PRECONDITION_FAILED', `${column} has requests of shape [n,${trailing.slice(1)} and [n,${JSON.stringify(rest).slice(1)}: no one array holds both; export as jsonl`);
    for (const value of data) values.push(value);
    for (let one = 0; one < first; one++) requests.push(index);
  }
  if (trailing === null) return [];
  const shape = [requests.length, ...(JSON.parse(trailing) as number[])];
  const array = datatype === 'BYTES' ? textArray(values.map(String), shape) : valueArray(datatype, shape, values);
  return [[column, array], [`${column}.request`, npy('<i4', [requests.length], numbers(requests.length, 4, (into, index) => into.writeInt32LE(requests[index] as number, index * 4)))]];
}

function valueArray(datatype: string, shape: readonly number[], values: readonly CapturedValue[]): Buffer {
  const [descr, size, write] = TYPES[datatype] ?? FLOAT;
  return npy(descr, shape, numbers(values.length, size, (into, index) => write(into, values[index] as CapturedValue, index * size)));
}

function numbers(count: number, size: number, write: (into: Buffer, index: number) => void): Buffer {
  const into = Buffer.alloc(count * size);
  for (let index = 0; index < count; index++) write(into, index);
  return into;
}

/** NumPy's texts have one length and four bytes a character. */
function textArray(texts: readonly string[], shape: readonly number[] = [texts.length]): Buffer {
  const points = texts.map((text) => Array.from(text, (character) => character.codePointAt(0) as number));
  const length = points.reduce((most, one) => Math.max(most, one.length), 1);
  const data = Buffer.alloc(texts.length * length * 4);
  points.forEach((one, index) => one.forEach((point, at) => data.writeUInt32LE(point, (index * length + at) * 4)));
  return npy(`<U${length}`, shape, data);
}

function npy(descr: string, shape: readonly number[], data: Buffer): Buffer {
  const head = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`;
  const padded = head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11, ' ');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length + 1);
  return Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, Buffer.from(`${padded}\n`, 'latin1'), data]);
}

/** A zip whose files are stored as they are. Source: APPNOTE 6.3.10, 4.3. */
function zip(files: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const [parts, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, data] of files) {
    const path = Buffer.from(`${name}.npy`);
    // Version 2.0, names in UTF-8, stored, 1980-01-01.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x0800, 2);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.byteLength, 14);
    common.writeUInt32LE(data.byteLength, 18);
    common.writeUInt16LE(path.byteLength, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, path, data);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, entry, path);
    offset += 30 + path.byteLength + data.byteLength;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(central.byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, central, end]);
}
