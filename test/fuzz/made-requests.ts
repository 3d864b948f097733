import { type MadeTensor, makeTensor, makeText } from './made-tensors.ts';
import type { Random } from './random.ts';

/** A good request, its wire form, and what it means. */
export interface MadeRequest {
  readonly id: string;
  readonly inputs: readonly MadeTensor[];
  readonly body: Buffer;
  /** Where the JSON ends, if tensors follow it as bytes. */
  readonly jsonBytes: number | null;
}

/** A request in any of the spellings that mean the same: order of keys, white space, nesting, JSON or binary per tensor. */
export function makeRequest(random: Random): MadeRequest {
  const inputs = Array.from({ length: random.below(4) }, (_, index) => makeTensor(random, `${makeText(random, 4)}${index}`));
  const id = makeText(random);
  const binary = inputs.map(() => random.chance(0.4));
  const entries = inputs.map((tensor, index) => tensorJson(random, tensor, binary[index] as boolean));
  const json = Buffer.from(object(random, [
    ...(id || random.chance(0.5) ? [['id', JSON.stringify(id)] as const] : []),
    ['inputs', array(random, entries)],
    ...(random.chance(0.2) ? [['parameters', '{"a":1,"b":"x","c":true,"binary_data_output":false}'] as const] : []),
    ...(random.chance(0.2) ? [['later', '{"unknown":[1,null]}'] as const] : []),
  ]));
  const sections = inputs.filter((_, index) => binary[index]).map(({ bytes }) => bytes);
  return { id, inputs, body: Buffer.concat([json, ...sections]), jsonBytes: sections.length ? json.length : null };
}

function tensorJson(random: Random, { name, datatype, shape, tokens, bytes }: MadeTensor, binary: boolean): string {
  const data = random.chance(0.5) ? array(random, tokens) : nested(random, tokens, shape);
  return object(random, [['name', JSON.stringify(name)], ['datatype', `"${datatype}"`], ['shape', array(random, shape.map(String))], binary ? ['parameters', `{"binary_data_size":${bytes.length}}`] : ['data', data]]);
}

function nested(random: Random, tokens: readonly string[], shape: readonly number[]): string {
  const [size, ...rest] = shape;
  if (size === undefined) return tokens[0] as string;
  // An empty level can't say how its own levels would look.
  if (!rest.length || tokens.length === 0) return array(random, tokens);
  const each = tokens.length / size;
  return array(random, Array.from({ length: size }, (_, index) => nested(random, tokens.slice(index * each, (index + 1) * each), rest)));
}

const space = (random: Random): string => (random.chance(0.1) ? random.pick([' ', '\n', '\t', '\r\n', '   ']) : '');
const array = (random: Random, items: readonly string[]): string => `[${space(random)}${items.map((item) => item + space(random)).join(',')}${space(random)}]`;
const object = (random: Random, entries: readonly (readonly [string, string])[]): string => `{${space(random)}${random.shuffled(entries).map(([key, value]) => `"${key}"${space(random)}:${space(random)}${value}${space(random)}`).join(',')}}`;
