import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readDescriptor } from './descriptor.ts';

type Vectors = Readonly<Record<'valid' | 'refused', readonly { readonly name: string; readonly descriptor: unknown }[]>>;
const { descriptors } = JSON.parse(await readFile(new URL('../../../protocol/worker.json', import.meta.url), 'utf8')) as { descriptors: Vectors };

describe('descriptors (golden vectors in protocol/worker.json)', () => {
  let directory: string;
  before(async () => void (directory = await mkdtemp(join(tmpdir(), 'lepton-descriptor-'))));
  after(() => rm(directory, { recursive: true }));

  async function read(descriptor: unknown): Promise<unknown> {
    await writeFile(join(directory, 'lepton-model.json'), JSON.stringify(descriptor));
    return readDescriptor(directory, ['lepton-model.json', 'model.joblib', 'code/model.pt']);
  }

  for (const { name, descriptor } of descriptors.valid) it(`takes ${name}`, async () => assert.deepEqual(await read(descriptor), descriptor));
  for (const { name, descriptor } of descriptors.refused) it(`refuses ${name}`, () => assert.rejects(read(descriptor), { code: 'MODEL_INVALID' }));
});
