import { existsSync } from 'node:fs';
import type { Expectation } from '../load/expectation.ts';
import type { PreparedRequest } from '../load/plan.ts';
import { type BenchModel, binaryRequests, grpcRequests, jsonRequests } from '../models/model.ts';
import { httpRequest } from '../requests/http.ts';
import { type BenchTensor, numbersOf } from '../requests/tensor.ts';

/** A way to ask for an inference; servers are compared within one form. */
export type Form = 'v2 binary' | 'JSON' | 'gRPC';

export interface Peer {
  readonly name: string;
  readonly title: string;
  /** Exact, so that a run can be repeated. */
  readonly packages: readonly string[];
  readonly python: string;
  /** Arguments of the virtual environment's interpreter, in peers/servers. */
  readonly command: (port: number) => readonly string[];
  readonly readyPath: string;
  readonly forms: Readonly<Partial<Record<Form, (model: BenchModel) => PreparedRequest[]>>>;
}

const ONNXRUNTIME = 'onnxruntime==1.30.0';

const v2Path = ({ entry }: BenchModel): string => `/v2/models/${entry.name}/infer`;
const v2 = {
  'v2 binary': (model: BenchModel) => binaryRequests(model, v2Path(model)),
  JSON: (model: BenchModel) => jsonRequests(model, v2Path(model)),
  gRPC: (model: BenchModel) => grpcRequests(model, model.entry.name, ''),
};

/** Rows nested as lists, as servers without a tensor protocol take them. */
function nested(tensor: BenchTensor): unknown {
  let values: unknown[] = numbersOf(tensor);
  for (const size of tensor.shape.slice(1).reverse()) values = Array.from({ length: values.length / size }, (_, index) => values.slice(index * size, (index + 1) * size));
  return values;
}

const named = (inputs: readonly BenchTensor[]): Record<string, unknown> => Object.fromEntries(inputs.map((tensor) => [tensor.name, nested(tensor)]));

function ownJson(model: BenchModel, path: string, body: (inputs: Record<string, unknown>) => unknown): PreparedRequest[] {
  return model.samples.map((inputs, index) => {
    const expect: Expectation = { kind: 'json', path: ['outputs', 0], values: numbersOf(model.answers[index]?.[0] as BenchTensor) };
    return { bytes: httpRequest(path, { 'content-type': 'application/json' }, JSON.stringify(body(named(inputs)))), expect };
  });
}

/** Triton's Python backend brings a library of an older Python 3.11, which newer standard libraries refuse; Debian's fits. */
const DEBIAN_PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

export const PEERS: readonly Peer[] = [
  { name: 'kserve', title: 'KServe', packages: ['kserve==0.21.0', ONNXRUNTIME], python: 'python3', command: () => ['kserve_server.py'], readyPath: '/v2/health/ready', forms: { 'v2 binary': v2['v2 binary'], JSON: v2.JSON } },
  { name: 'mlserver', title: 'MLServer', packages: ['mlserver==1.7.1', ONNXRUNTIME], python: 'python3', command: () => ['mlserver_server.py'], readyPath: '/v2/health/ready', forms: { JSON: v2.JSON, gRPC: v2.gRPC } },
  { name: 'pytriton', title: 'Triton (PyTriton)', packages: ['nvidia-pytriton==0.7.0', ONNXRUNTIME], python: DEBIAN_PYTHON, command: () => ['pytriton_server.py'], readyPath: '/v2/models/magika/ready', forms: v2 },
  { name: 'litserve', title: 'LitServe', packages: ['litserve==0.2.19', ONNXRUNTIME], python: 'python3', command: () => ['litserve_server.py'], readyPath: '/health', forms: { JSON: (model) => ownJson(model, `/${model.entry.name}`, (inputs) => inputs) } },
  { name: 'bentoml', title: 'BentoML', packages: ['bentoml==1.4.40', ONNXRUNTIME], python: 'python3', command: (port) => ['-m', 'bentoml', 'serve', 'bentoml_server:Served', '--host', '127.0.0.1', '--port', String(port)], readyPath: '/readyz', forms: { JSON: (model) => ownJson(model, '/infer', (inputs) => ({ model: model.entry.name, inputs })) } },
];

/** Ours, in the same forms and without naming a version. */
export const OUR_FORMS: Readonly<Record<Form, (model: BenchModel) => PreparedRequest[]>> = v2;
