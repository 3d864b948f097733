/**
 * Small real ONNX models, built in memory without Python, for tests, examples and benchmarks. They ship, so that users
 * can try a deployment before they have a model.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Datatype } from '../core/index.ts';
import { ModelProto, OnnxType } from '../model-repository/formats/onnx-proto.ts';

const ONNX_TYPE: Readonly<Record<Datatype, number>> = {
  BOOL: OnnxType.BOOL, UINT8: OnnxType.UINT8, UINT16: OnnxType.UINT16, UINT32: OnnxType.UINT32, UINT64: OnnxType.UINT64,
  INT8: OnnxType.INT8, INT16: OnnxType.INT16, INT32: OnnxType.INT32, INT64: OnnxType.INT64,
  FP16: OnnxType.FLOAT16, BF16: OnnxType.BFLOAT16, FP32: OnnxType.FLOAT, FP64: OnnxType.DOUBLE, BYTES: OnnxType.STRING,
};

/** A dimension: a number, or the name of a free one. */
type Dimension = number | string;

interface Node {
  readonly opType: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute?: readonly object[];
  readonly domain?: string;
}
interface Graph {
  readonly name: string;
  /** Operator sets by domain; the default is version 17 of ONNX's own. */
  readonly opsets?: Readonly<Record<string, number>>;
  readonly inputs: readonly { name: string; datatype: Datatype; shape: readonly Dimension[] }[];
  readonly outputs: readonly { name: string; datatype: Datatype; shape: readonly Dimension[] }[];
  readonly nodes: readonly Node[];
  readonly initializers?: readonly object[];
}

/** Encodes a graph as a ModelProto with IR version 8. */
export function encodeModel(graph: Graph): Uint8Array {
  const valueInfo = (tensor: Graph['inputs'][number]): object => ({
    name: tensor.name,
    type: { tensorType: { elemType: ONNX_TYPE[tensor.datatype], shape: { dim: tensor.shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) } } },
  });
  return ModelProto.encode(
    ModelProto.create({
      irVersion: 8,
      producerName: 'lepton-ai',
      opsetImport: Object.entries(graph.opsets ?? { '': 17 }).map(([domain, version]) => ({ domain, version })),
      graph: {
        name: graph.name,
        node: graph.nodes.map((node, index) => ({ ...node, name: `${node.opType}_${index}` })),
        initializer: graph.initializers ?? [],
        input: graph.inputs.map(valueInfo),
        output: graph.outputs.map(valueInfo),
      },
    }),
  ).finish();
}

const floatScalar = (name: string, value: number): object => ({ name, dims: [], dataType: OnnxType.FLOAT, rawData: new Uint8Array(new Float32Array([value]).buffer) });

/**
 * INPUT0, INPUT1 → OUTPUT0 = sum, OUTPUT1 = difference, 16 elements (Triton's "simple"); `batch`: [-1,16] instead of [16].
 * Datatypes that the runtime can't add go through INT32; BYTES hold decimal numbers (Triton's "simple_string").
 */
export function addSubModel(options: { batch?: boolean; datatype?: Datatype } = {}): Uint8Array {
  const { batch = false, datatype = 'INT32' } = options;
  const shape: Dimension[] = batch ? ['batch', 16] : [16];
  const tensor = (name: string): Graph['inputs'][number] => ({ name, datatype, shape });
  const direct = ['INT32', 'INT64', 'FP32', 'FP64'].includes(datatype);
  const inner = (name: string): string => (direct ? name : `${name}_int32`);
  return encodeModel({
    name: 'add_sub',
    inputs: [tensor('INPUT0'), tensor('INPUT1')],
    outputs: [tensor('OUTPUT0'), tensor('OUTPUT1')],
    nodes: [
      ...(direct ? [] : ['INPUT0', 'INPUT1'].map((name) => cast(name, inner(name), 'INT32'))),
      { opType: 'Add', input: [inner('INPUT0'), inner('INPUT1')], output: [inner('OUTPUT0')] },
      { opType: 'Sub', input: [inner('INPUT0'), inner('INPUT1')], output: [inner('OUTPUT1')] },
      ...(direct ? [] : ['OUTPUT0', 'OUTPUT1'].map((name) => cast(inner(name), name, datatype))),
    ],
  });
}

const cast = (from: string, to: string, datatype: Datatype): Node => ({ opType: 'Cast', input: [from], output: [to], attribute: [{ name: 'to', type: 2, i: ONNX_TYPE[datatype] }] });

/** x FP32 → y = x × factor; versions are told apart by their factor. `batch`: [-1,width] instead of [width]. */
export function scaleModel(factor: number, options: { batch?: boolean; width?: number } = {}): Uint8Array {
  const { batch = true, width = 4 } = options;
  const shape: Dimension[] = batch ? ['batch', width] : [width];
  return encodeModel({
    name: `scale_${factor}`,
    inputs: [{ name: 'x', datatype: 'FP32', shape }],
    outputs: [{ name: 'y', datatype: 'FP32', shape }],
    nodes: [{ opType: 'Mul', input: ['x', 'factor'], output: ['y'] }],
    initializers: [floatScalar('factor', factor)],
  });
}

/** x → y = x for any datatype that ONNX knows; shape [-1,-1] unless given. */
export function identityModel(datatype: Datatype, shape: readonly Dimension[] = ['n', 'm'], names: { readonly input: string; readonly output: string } = { input: 'x', output: 'y' }): Uint8Array {
  return encodeModel({
    name: `identity_${datatype}`,
    inputs: [{ name: names.input, datatype, shape }],
    outputs: [{ name: names.output, datatype, shape }],
    nodes: [{ opType: 'Identity', input: [names.input], output: [names.output] }],
  });
}

/** x FP32[1] → y = x after about `milliseconds` of one core's work (a Loop of matrix products; calibrate, don't time). */
export function slowModel(milliseconds: number): Uint8Array {
  // One 128×128 product takes about 0.04 ms on one core of a small machine.
  const size = 128;
  const iterations = Math.max(1, Math.round(milliseconds * 25));
  const matrix = new Float32Array(size * size).fill(1 / size);
  const boolTrue = { name: 'true', dims: [], dataType: OnnxType.BOOL, int32Data: [1] };
  const body = {
    name: 'body',
    node: [
      { name: 'product', opType: 'MatMul', input: ['state_in', 'matrix'], output: ['state_out'] },
      { name: 'again', opType: 'Identity', input: ['condition_in'], output: ['condition_out'] },
    ],
    input: [
      { name: 'iteration', type: { tensorType: { elemType: OnnxType.INT64, shape: { dim: [] } } } },
      { name: 'condition_in', type: { tensorType: { elemType: OnnxType.BOOL, shape: { dim: [] } } } },
      { name: 'state_in', type: { tensorType: { elemType: OnnxType.FLOAT, shape: { dim: [{ dimValue: size }, { dimValue: size }] } } } },
    ],
    output: [
      { name: 'condition_out', type: { tensorType: { elemType: OnnxType.BOOL, shape: { dim: [] } } } },
      { name: 'state_out', type: { tensorType: { elemType: OnnxType.FLOAT, shape: { dim: [{ dimValue: size }, { dimValue: size }] } } } },
    ],
  };
  return encodeModel({
    name: `slow_${milliseconds}`,
    inputs: [{ name: 'x', datatype: 'FP32', shape: [1] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [1] }],
    nodes: [
      // The start depends on x, so that nothing can be folded away at load; the result is multiplied by 0 and added to x.
      { opType: 'Mul', input: ['matrix', 'x'], output: ['start'] },
      { opType: 'Loop', input: ['trips', 'true', 'start'], output: ['end'], attribute: [{ name: 'body', type: 5, g: body }] },
      { opType: 'ReduceMax', input: ['end'], output: ['peak'], attribute: [{ name: 'keepdims', type: 2, i: 0 }] },
      { opType: 'Mul', input: ['peak', 'zero'], output: ['nothing'] },
      { opType: 'Add', input: ['x', 'nothing'], output: ['y'] },
    ],
    initializers: [
      boolTrue,
      { name: 'trips', dims: [], dataType: OnnxType.INT64, rawData: new Uint8Array(new BigInt64Array([BigInt(iterations)]).buffer) },
      { name: 'matrix', dims: [size, size], dataType: OnnxType.FLOAT, rawData: new Uint8Array(matrix.buffer) },
      floatScalar('zero', 0),
    ],
  });
}

/** Writes `<directory>/model.onnx` (directory made if need be) and returns its path. */
export async function writeModelDirectory(directory: string, model: Uint8Array): Promise<string> {
  await mkdir(directory, { recursive: true });
  const file = join(directory, 'model.onnx');
  await writeFile(file, model);
  return file;
}
