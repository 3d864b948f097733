/**
 * onnxruntime-node carries no bfloat16 tensors, so a model that takes or gives some is changed in memory when it is loaded:
 *
 *       x BF16 ─▶ model ─▶ y BF16
 *   becomes
 *       x:fp32 FP32 ─▶ Cast ─▶ x BF16 ─▶ model ─▶ y BF16 ─▶ Cast ─▶ y:fp32 FP32
 *
 * Every bfloat16 is a float, so nothing is rounded (a NaN stays one, with the runtime's own payload). The border gets new
 * names and the inside keeps its own, so nothing inside is touched: what we don't know of a model passes byte for byte.
 */
import { LeptonError } from '../core/index.ts';
import { lengthDelimited, mergedContent, numberOf, textOf, varintField, wireFields } from './wire-format.ts';

/** Field numbers of onnx.proto. */
const MODEL = { graph: 7, opsetImport: 8 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, sparseInitializer: 15 } as const;
const VALUE = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR_TYPE = { element: 1, shape: 2 } as const;
const NODE = { input: 1, output: 2, operator: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, integer: 3, type: 20, typeInteger: 2 } as const;
const TENSOR = { name: 8 } as const;
const SPARSE = { values: 1 } as const;

const FLOAT = 1;
const BFLOAT16 = 16;
/** The first operator set whose Cast knows bfloat16. */
const OPSET_MIN = 13;

export interface Border {
  /** The changed model. */
  readonly model: Uint8Array;
  /** New name by the input's or output's own. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
}

/** Changes the bfloat16 inputs and outputs of a model. Throws MODEL_INVALID for what cannot be changed. */
export function widenBorder(model: Uint8Array): Border {
  const graph = mergedContent(model, MODEL.graph);
  if (!graph) throw new LeptonError('MODEL_INVALID', 'the model has no graph');
  const names = new BorderNames(model);
  const { before, after, kept } = widenGraph(graph, names);
  const rest: Uint8Array[] = [];
  for (const field of wireFields(model)) if (field.number !== MODEL.graph) rest.push(field.bytes);
  if (opsetOf(model) === null) rest.push(lengthDelimited(MODEL.opsetImport, varintField(OPSET.version, OPSET_MIN)));
  return { model: Buffer.concat([...rest, lengthDelimited(MODEL.graph, new Uint8Array(0), ...before, ...kept, ...after)]), inputs: names.inputs, outputs: names.outputs };
}

/** Names that occur nowhere in the model. */
class BorderNames {
  readonly inputs = new Map<string, string>();
  readonly outputs = new Map<string, string>();
  readonly #model: Buffer;
  readonly #given = new Set<string>();
  #serial = 0;

  constructor(model: Uint8Array) {
    this.#model = Buffer.from(model.buffer, model.byteOffset, model.byteLength);
  }

  of(name: string): string {
    let candidate = `${name}:fp32`;
    while (this.#given.has(candidate) || this.#model.includes(candidate)) candidate = `${name}:fp32:${++this.#serial}`;
    this.#given.add(candidate);
    return candidate;
  }
}

function widenGraph(graph: Uint8Array, names: BorderNames): { before: Uint8Array[]; after: Uint8Array[]; kept: Uint8Array[] } {
  const [before, after, kept]: [Uint8Array[], Uint8Array[], Uint8Array[]] = [[], [], []];
  const initialised = initialisedNames(graph);
  for (const field of wireFields(graph)) {
    const side = field.number === GRAPH.input ? names.inputs : field.number === GRAPH.output ? names.outputs : null;
    const name = side ? textOf(field.content, VALUE.name) : '';
    // An input with a stored value is no input of the session.
    const shape = side && !(side === names.inputs && initialised.has(name)) ? bfloat16Shape(field.content) : null;
    if (!side || !shape) {
      kept.push(field.bytes);
      continue;
    }
    const outside = names.of(name);
    side.set(name, outside);
    kept.push(lengthDelimited(field.number, floatValue(outside, shape)));
    if (side === names.inputs) before.push(castNode(outside, name, BFLOAT16));
    else after.push(castNode(name, outside, FLOAT));
  }
  return { before, after, kept };
}

function initialisedNames(graph: Uint8Array): ReadonlySet<string> {
  const names = new Set<string>();
  for (const field of wireFields(graph)) {
    if (field.number === GRAPH.initializer) names.add(textOf(field.content, TENSOR.name));
    if (field.number === GRAPH.sparseInitializer) names.add(textOf(mergedContent(field.content, SPARSE.values) ?? new Uint8Array(0), TENSOR.name));
  }
  return names;
}

/** The encoded shape field of a bfloat16 tensor (empty when it has none); null for any other value. */
function bfloat16Shape(value: Uint8Array): Uint8Array | null {
  const type = mergedContent(value, VALUE.type);
  const tensor = type && mergedContent(type, TYPE.tensor);
  if (!tensor || numberOf(tensor, TENSOR_TYPE.element) !== BFLOAT16) return null;
  const shape = mergedContent(tensor, TENSOR_TYPE.shape);
  return shape ? lengthDelimited(TENSOR_TYPE.shape, shape) : new Uint8Array(0);
}

function floatValue(name: string, shape: Uint8Array): Uint8Array {
  const tensor = lengthDelimited(TYPE.tensor, varintField(TENSOR_TYPE.element, FLOAT), shape);
  return Buffer.concat([lengthDelimited(VALUE.name, name), lengthDelimited(VALUE.type, tensor)]);
}

function castNode(from: string, to: string, type: number): Uint8Array {
  const attribute = Buffer.concat([lengthDelimited(ATTRIBUTE.name, 'to'), varintField(ATTRIBUTE.integer, type), varintField(ATTRIBUTE.type, ATTRIBUTE.typeInteger)]);
  return lengthDelimited(GRAPH.node, Buffer.concat([lengthDelimited(NODE.input, from), lengthDelimited(NODE.output, to), lengthDelimited(NODE.operator, 'Cast'), lengthDelimited(NODE.attribute, attribute)]));
}

/** Version of ONNX's own operator set, null when the model imports none. Throws where it knows no bfloat16. */
function opsetOf(model: Uint8Array): number | null {
  for (const field of wireFields(model)) {
    if (field.number !== MODEL.opsetImport || !['', 'ai.onnx'].includes(textOf(field.content, OPSET.domain))) continue;
    const version = numberOf(field.content, OPSET.version);
    if (version < OPSET_MIN) throw new LeptonError('MODEL_INVALID', `bfloat16 inputs and outputs need operator set ${OPSET_MIN} or newer, the model has ${version}: export it with a newer one`);
    return version;
  }
  return null;
}
