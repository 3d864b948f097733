import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { BenchModel } from '../models/model.ts';
import type { BenchPlatform } from './platform.ts';

const AT_ONCE = 8;

/** Publishes `model-001:v1` … through the management API: one content, told apart by metadata, as a history of trainings is. */
export async function seedVersions({ client }: BenchPlatform, { file }: BenchModel, repositories: number, versions: number): Promise<void> {
  const content = readFileSync(file);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  await client.putBlob(digest, content, content.length);
  const names = Array.from({ length: repositories }, (_, index) => `model-${String(index + 1).padStart(3, '0')}`).reverse();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let name = names.pop(); name !== undefined; name = names.pop()) {
      for (let version = 1; version <= versions; version++) await client.publish(name, { version: `v${version}`, files: [{ path: 'model.onnx', digest, size: content.length }], createRepository: true, metadata: { accuracy: version / versions, repository: name } });
      await client.moveLabel(name, 'stable', `v${versions}`);
    }
  }));
}
