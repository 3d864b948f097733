/**
 * Publishes many small versions through the management API, as users would, so that a platform with a long history can be
 * measured. Usage: node benchmarks/management/seed.ts URL [repositories=200] [versions=50] [connections=4] [shared|distinct].
 * `distinct`: every version has a model of its own, inspected in a process; `shared`: repositories have the same ones. Run
 * again, it adds only what is missing.
 */
import { createHash } from 'node:crypto';
import { scaleModel } from '../../src/testing/onnx-models.ts';

const [url = 'http://127.0.0.1:8080', repositories = '200', versions = '50', connections = '4', contents = 'shared'] = process.argv.slice(2);

async function call(method: string, path: string, body: string | Uint8Array<ArrayBuffer>, contentType: string): Promise<void> {
  const response = await fetch(`${url}/api/v1${path}`, { method, body, headers: { 'content-type': contentType } });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
}

const json = (method: string, path: string, body: unknown): Promise<void> => call(method, path, JSON.stringify(body), 'application/json');

async function publish(repository: number, version: number): Promise<void> {
  const model = scaleModel((contents === 'distinct' ? repository * 1000 : 0) + version + 2);
  const digest = `sha256:${createHash('sha256').update(model).digest('hex')}`;
  const name = `model-${String(repository).padStart(3, '0')}`;
  await call('PUT', `/blobs/${digest}`, Buffer.from(model), 'application/octet-stream');
  await json('POST', `/repositories/${name}/versions`, { version: `v${version}`, files: [{ path: 'model.onnx', digest, size: model.byteLength }], createRepository: true, metadata: { accuracy: version / 100 } });
  if (version === Number(versions)) for (const [label, to] of [['stable', version], ['previous', Math.max(1, version - 1)]] as const) await json('PUT', `/repositories/${name}/labels/${label}`, { version: `v${to}` });
}

/** Repositories at a time, so that versions of each stay in order. */
const left = Array.from({ length: Number(repositories) }, (_, index) => index + 1).reverse();
const started = performance.now();
let published = 0;
async function worker(): Promise<void> {
  for (let repository = left.pop(); repository !== undefined; repository = left.pop()) {
    for (let version = 1; version <= Number(versions); version++) {
      await publish(repository, version);
      published++;
    }
  }
}
const progress = setInterval(() => console.log(`${published} versions, ${(published / ((performance.now() - started) / 1000)).toFixed(1)} a second`), 5_000);
await Promise.all(Array.from({ length: Number(connections) }, worker));
clearInterval(progress);
console.log(`${published} versions in ${((performance.now() - started) / 1000).toFixed(1)} s`);
