import { type BenchTensor, numbersOf } from './tensor.ts';

/** A whole HTTP/1.1 request. */
export function httpRequest(path: string, headers: Readonly<Record<string, string | number>>, body: Uint8Array | string): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ host: '127.0.0.1', ...headers, 'content-length': bytes.length }).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`), bytes]);
}

export const httpGet = (path: string): Buffer => Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n\r\n`);

/** Open Inference Protocol v2 with the binary tensor extension, both ways. */
export function v2Binary(path: string, inputs: readonly BenchTensor[]): Buffer {
  const head = JSON.stringify({
    parameters: { binary_data_output: true },
    inputs: inputs.map(({ name, datatype, shape, data }) => ({ name, datatype, shape, parameters: { binary_data_size: data.byteLength } })),
  });
  return httpRequest(path, { 'content-type': 'application/octet-stream', 'inference-header-content-length': Buffer.byteLength(head) }, Buffer.concat([Buffer.from(head), ...inputs.map(({ data }) => data)]));
}

/** Open Inference Protocol v2 in JSON. */
export function v2Json(path: string, inputs: readonly BenchTensor[]): Buffer {
  return httpRequest(path, { 'content-type': 'application/json' }, JSON.stringify({ inputs: inputs.map((tensor) => ({ name: tensor.name, datatype: tensor.datatype, shape: tensor.shape, data: numbersOf(tensor) })) }));
}
