import { type Datatype, DATATYPE_BYTES, elementCount, joinByteElements, LeptonError, type Tensor } from '../../../core/index.ts';
import { encodeElements } from '../codec/index.ts';
import type { MessageFields, ProtoReader } from './protobuf/index.ts';

/** The values of InferTensorContents, by field number. Floats keep the wire's own bytes. */
export interface Contents {
  readonly values: (unknown[] | undefined)[];
  readonly floats: (FixedValues | undefined)[];
}

const CONTENTS: MessageFields = {
  message: 'InferTensorContents',
  names: [undefined, 'bool_contents', 'int_contents', 'int64_contents', 'uint_contents', 'uint64_contents', 'fp32_contents', 'fp64_contents', 'bytes_contents'],
};
const Field = { bool: 1, int: 2, int64: 3, uint: 4, uint64: 5, fp32: 6, fp64: 7, bytes: 8 } as const;
/** Which field carries which datatype; those absent only travel raw. */
const FIELD_OF: Readonly<Partial<Record<Datatype, number>>> = {
  BOOL: Field.bool, INT8: Field.int, INT16: Field.int, INT32: Field.int, INT64: Field.int64,
  UINT8: Field.uint, UINT16: Field.uint, UINT32: Field.uint, UINT64: Field.uint64,
  FP32: Field.fp32, FP64: Field.fp64, BYTES: Field.bytes,
};
const FIRST_BYTES = 256;

/** Reads an embedded InferTensorContents into `contents`: a second one of the same tensor adds to the first. */
export function readContents(reader: ProtoReader, contents: Contents): void {
  for (let tag = reader.tag(CONTENTS); tag !== 0; tag = reader.tag(CONTENTS)) {
    const field = tag >>> 3;
    const wire = tag & 7;
    if (field === Field.bytes && wire === 2) list(contents, field).push(reader.bytes());
    else if ((field === Field.fp32 || field === Field.fp64) && (wire === 2 || wire === widthOf(field).wire)) readFloats(reader, contents, field, wire);
    else if (field >= Field.bool && field <= Field.uint64 && (wire === 0 || wire === 2)) readIntegers(reader, list(contents, field), field, wire);
    else reader.skip(tag);
  }
}

export function emptyContents(): Contents {
  return { values: [], floats: [] };
}

/** Whether any field has a value. */
export function hasValues({ values, floats }: Contents): boolean {
  return values.some((list) => list !== undefined && list.length > 0) || floats.some((list) => list !== undefined && list.bytes.length > 0);
}

/** A tensor from typed contents. Throws INVALID_ARGUMENT naming the input, the field and the value. */
export function tensorFromContents(name: string, datatype: Datatype, shape: readonly number[], contents: Contents): Tensor {
  const field = FIELD_OF[datatype];
  const where = `input '${name.slice(0, 100)}'`;
  if (field === undefined) throw new LeptonError('INVALID_ARGUMENT', `${where}: ${datatype} only travels in raw_input_contents`);
  for (let other = 1; other < CONTENTS.names.length; other++) {
    if (other !== field && countOf(contents, other) > 0) throw new LeptonError('INVALID_ARGUMENT', `${where} is ${datatype}, whose contents go into ${CONTENTS.names[field]}, not ${CONTENTS.names[other]}`);
  }
  const count = countOf(contents, field);
  const expected = elementCount(shape);
  if (count !== expected) throw new LeptonError('INVALID_ARGUMENT', `${CONTENTS.names[field]} of ${where} has ${count} elements, but shape [${shape.join(',')}] needs ${expected}`);
  return { name, datatype, shape, data: bytesOf(datatype, field, contents, `${CONTENTS.names[field]} of ${where}`) };
}

function bytesOf(datatype: Datatype, field: number, { values, floats }: Contents, where: string): Uint8Array {
  // Unlike JSON, protobuf carries NaN and infinities, so floats are taken as they are.
  if (field === Field.fp32 || field === Field.fp64) return floats[field]?.bytes ?? new Uint8Array(0);
  if (field === Field.bytes) return joinByteElements((values[field] ?? []) as Uint8Array[]);
  return encodeElements(datatype, DATATYPE_BYTES[datatype], values[field] ?? [], where);
}

function countOf({ values, floats }: Contents, field: number): number {
  if (field === Field.fp32 || field === Field.fp64) return (floats[field]?.bytes.length ?? 0) / widthOf(field).bytes;
  return values[field]?.length ?? 0;
}

/** Width and wire type of a float that comes by itself, not packed. */
function widthOf(field: number): { bytes: number; wire: number } {
  return field === Field.fp32 ? { bytes: 4, wire: 5 } : { bytes: 8, wire: 1 };
}

function list(contents: Contents, field: number): unknown[] {
  return (contents.values[field] ??= []);
}

function readIntegers(reader: ProtoReader, into: unknown[], field: number, wire: number): void {
  const read = (): void => {
    if (field === Field.bool) into.push(reader.boolean());
    else into.push(field === Field.int || field === Field.int64 ? reader.int64() : reader.uint64());
  };
  if (wire === 2) reader.packed(read);
  else read();
}

function readFloats(reader: ProtoReader, contents: Contents, field: number, wire: number): void {
  const { bytes } = widthOf(field);
  const floats = (contents.floats[field] ??= new FixedValues());
  if (wire !== 2) return floats.add(reader.fixed(bytes));
  const packed = reader.bytes();
  if (packed.length % bytes !== 0) throw new LeptonError('INVALID_ARGUMENT', `${CONTENTS.names[field]}: ${packed.length} bytes are not a multiple of ${bytes}`);
  floats.add(packed);
}

/** Bytes that usually come in one piece, which is kept as a view. */
class FixedValues {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #owned = false;

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(piece: Buffer): void {
    if (this.#length === 0) {
      this.#bytes = piece;
      this.#length = piece.length;
      return;
    }
    const length = this.#length + piece.length;
    if (!this.#owned || length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#length * 2, FIRST_BYTES));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
      this.#owned = true;
    }
    piece.copy(this.#bytes, this.#length);
    this.#length = length;
  }
}
