import type { TensorInput } from '../../../../clients/typescript/src/tensors.ts';
import { datatypeOf } from '../../../../clients/typescript/src/tensors.ts';
import type { Equivalent } from '../../equivalents.ts';
import { shellWord } from '../../text.ts';

/** Longer requests are no command lines any more. */
const COMMAND_CHARACTERS_MAX = 4000;

export interface TriedRequest {
  readonly service: string;
  readonly version: string | null;
  readonly inputs: Readonly<Record<string, TensorInput>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** The request in the protocol's JSON form. Whole numbers beyond 2^53 are written as they are. */
export function requestJson(inputs: TriedRequest['inputs']): string {
  const written = Object.entries(inputs).map(([name, { data, shape, datatype }]) => {
    const values = Array.from(data as Iterable<unknown>, (value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value)));
    return `{"name":${JSON.stringify(name)},"datatype":"${datatype ?? datatypeOf(data)}","shape":${JSON.stringify(shape)},"data":[${values.join(',')}]}`;
  });
  return `{"inputs":[${written.join(',')}]}`;
}

/** The same for a terminal; null where it is too long for one: then the request is a file. */
export function inferEquivalent({ service, version, inputs, headers }: TriedRequest, origin: string): Equivalent {
  const json = requestJson(inputs);
  const asFile = json.length > COMMAND_CHARACTERS_MAX;
  const cliInputs = asFile ? ['--file', 'request.json'] : Object.entries(inputs).flatMap(([name, tensor]) => ['--input', `${name}=${nested(tensor)}`]);
  const cliHeaders = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}=${value}`]);
  const path = `/v2/models/${encodeURIComponent(service)}${version === null ? '' : `/versions/${encodeURIComponent(version)}`}/infer`;
  const curlHeaders = Object.entries(headers).flatMap(([name, value]) => ['-H', shellWord(`${name}: ${value}`)]);
  return {
    cli: ['lepton-ai', 'infer', service, ...(version === null ? [] : ['--version', version]), ...cliInputs, ...cliHeaders].map(shellWord).join(' '),
    curl: ['curl', shellWord(`${origin}${path}`), ...curlHeaders, '-d', asFile ? '@request.json' : shellWord(json)].join(' '),
  };
}

function nested({ data, shape }: TensorInput): string {
  const values = Array.from(data as Iterable<unknown>, (value) => (typeof value === 'bigint' ? String(value) : JSON.stringify(value)));
  return shape.reduceRight<string[]>((inner, size) => Array.from({ length: size === 0 ? 0 : inner.length / size }, (_none, index) => `[${inner.slice(index * size, (index + 1) * size).join(',')}]`), values).join(',');
}
