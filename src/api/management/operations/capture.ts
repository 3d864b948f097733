import type { Readable } from 'node:stream';
import { Type } from 'typebox';
import { LeptonError } from '../../../core/index.ts';
import { operation, type Operation } from '../operation.ts';
import { CaptureInput, CaptureOverview, CaptureRule, DriftReport, ReferenceResult } from '../schemas/capture.ts';
import { closed, Name } from '../schemas/common.ts';

const ofService = closed({ service: Name });
const ofVersion = closed({ service: Name, version: Name });
const REFERENCE_BYTES_MAX = 64 * 2 ** 20;
const Limit = (description: string, maximum: number) => Type.Optional(Type.Integer({ minimum: 1, maximum, description }));

async function textOf(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > REFERENCE_BYTES_MAX) throw new LeptonError('TOO_LARGE', `the reference has more than ${REFERENCE_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export const captureOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/capture', id: 'getCapture', tag: 'capture', summary: 'What is captured, how much is there and what was left out.', errors: [], response: CaptureOverview,
    handle: ({ dependencies: { capture } }) => capture.overview(),
  }),
  operation({
    method: 'PUT', path: '/services/{service}/capture', id: 'startCapture', tag: 'capture', summary: 'Capture a sample of a service’s requests and answers from now on.', description: 'Takes effect within seconds, without a deployment. Off by default.',
    errors: ['SERVICE_NOT_FOUND', 'DATABASE_UNAVAILABLE'], params: ofService, body: CaptureInput, response: CaptureRule,
    handle: async ({ dependencies: { capture, engine }, params: { service }, body, actor }) => {
      const { spec } = await engine.getService(service);
      const unknown = body.versions?.find((version) => !spec.deployments.some((deployment) => deployment.version === version));
      if (unknown !== undefined) throw new LeptonError('INVALID_ARGUMENT', `versions: ${JSON.stringify(unknown)} is not deployed in ${service}; it has ${spec.deployments.map(({ version }) => version).join(', ')}`);
      const { rate, versions = null, perSecondMax = 50, tensorBytesMax = 65_536, redact = [], forSeconds = null } = body;
      const rule = { service, versions, rate, perSecondMax, tensorBytesMax, redact, until: forSeconds === null ? null : new Date(Date.now() + forSeconds * 1000).toISOString() };
      await capture.setRule(service, rule, actor);
      return rule;
    },
  }),
  operation({
    method: 'DELETE', path: '/services/{service}/capture', id: 'stopCapture', tag: 'capture', summary: 'Capture no more; what is captured stays.', errors: ['DATABASE_UNAVAILABLE'], params: ofService,
    handle: ({ dependencies: { capture }, params, actor }) => capture.setRule(params.service, null, actor),
  }),
  operation({
    method: 'GET', path: '/services/{service}/deployments/{version}/capture', id: 'exportCapture', tag: 'capture', summary: 'The newest captured requests and answers of a version, oldest first.',
    description: '`jsonl` is for `pandas.read_json(file, lines=True)`, `npz` for `numpy.load(file)`.', errors: ['PRECONDITION_FAILED'], params: ofVersion, contentTypesOut: ['application/jsonl', 'application/octet-stream'],
    query: closed({ format: Type.Optional(Type.Enum(['jsonl', 'npz'])), limit: Limit('Default 10000.', 50_000) }),
    handle: async ({ dependencies: { capture }, params, query: { format = 'jsonl', limit = 10_000 }, reply }) => {
      const data = await capture.export(params.service, params.version, format, limit);
      void reply.type(format === 'npz' ? 'application/octet-stream' : 'application/jsonl').send(data);
    },
  }),
  operation({
    method: 'PUT', path: '/services/{service}/deployments/{version}/capture/reference', id: 'setReference', tag: 'capture', summary: 'Give a version’s reference, in lines of JSON as `exportCapture` writes them.', description: 'Without one it is the first 1,000 captured answers.',
    errors: ['TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'], params: ofVersion, bytesIn: true, response: ReferenceResult,
    handle: async ({ dependencies: { capture }, params, body }) => ({ rows: await capture.setReference(params.service, params.version, await textOf(body as Readable)) }),
  }),
  operation({
    method: 'DELETE', path: '/services/{service}/deployments/{version}/capture/reference', id: 'resetReference', tag: 'capture', summary: 'The next 1,000 captured answers become the reference.', errors: [], params: ofVersion, response: ReferenceResult,
    handle: async ({ dependencies: { capture }, params }) => ({ rows: await capture.setReference(params.service, params.version, null) }),
  }),
  operation({
    method: 'GET', path: '/services/{service}/deployments/{version}/drift', id: 'getDrift', tag: 'capture', summary: 'How far a version’s newest inputs and outputs are from its reference, and its mix of labels over time.', errors: [], params: ofVersion,
    query: closed({ limit: Limit('Newest captured answers that are looked at; default 1000.', 5000) }), response: DriftReport,
    handle: ({ dependencies: { capture }, params, query }) => capture.drift(params.service, params.version, query.limit),
  }),
];
