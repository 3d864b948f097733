import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, type PlatformConfig } from '../config/index.ts';
import type { ServiceStatus } from '../deployment-engine/index.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import { scaleModel, writeModelDirectory } from './onnx-models.ts';

/** A configuration on free loopback ports over a directory of the test. */
export function testConfig(dataDirectory: string, flags: Readonly<Record<string, string>> = {}): PlatformConfig {
  return loadConfig({ flags: { 'data-dir': dataDirectory, http: '127.0.0.1:0', grpc: '127.0.0.1:0', 'orphan-grace': '20s', ...flags }, env: {}, cwd: dataDirectory }).config;
}

/** A directory that `remove` takes away with everything in it. */
export async function temporaryDirectory(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'lepton-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Publishes `scale:<version>`, whose answer is the input times `factor`. */
export async function publishScale({ repository }: { readonly repository: ModelRepository }, directory: string, version: string, factor: number): Promise<void> {
  const source = await mkdtemp(join(directory, 'model-'));
  await writeModelDirectory(source, scaleModel(factor, { batch: true }));
  await repository.publishDirectory(source, { repository: 'scale', version, by: 'test', createRepository: true });
}

export interface Answer {
  readonly status: number;
  readonly version: string | null;
  /** First output's first element, for an input of 1; null: refused. */
  readonly factor: number | null;
  readonly error: string | null;
}

/** One request of the Open Inference Protocol; rejects when nobody listens. */
export async function ask(url: string, service: string, version?: string): Promise<Answer> {
  const path = version === undefined ? service : `${service}/versions/${version}`;
  const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 1, 1, 1] }] });
  const response = await fetch(`${url}/v2/models/${path}/infer`, { method: 'POST', body, signal: AbortSignal.timeout(10_000) });
  const answer = (await response.json()) as { outputs?: { data: number[] }[]; error?: string };
  return { status: response.status, version: response.headers.get('lepton-version'), factor: answer.outputs?.[0]?.data[0] ?? null, error: answer.error ?? null };
}

/** Whether a process exists and has not ended. */
export function runs(pid: number | null | undefined): boolean {
  try {
    return pid != null && process.kill(pid, 0);
  } catch {
    return false;
  }
}

export const pidsOf = (status: ServiceStatus): number[] => status.versions.flatMap((version) => version.replicas.flatMap((replica) => replica.pid ?? []));
