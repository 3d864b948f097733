import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { describe, it } from 'node:test';
import { type ArtefactFile, digestOf, LeptonError } from '../core/index.ts';
import { Inspections } from './inspections.ts';
import type { ArtefactTrees } from './storage/index.ts';
import type { Inspection } from './types.ts';

const FOUND: Inspection = { format: 'onnx', entry: 'model.onnx', signature: { inputs: [], outputs: [] }, model: {} };
const filesOf = (content: string): ArtefactFile[] => [{ path: 'model.onnx', digest: digestOf(content), size: 1 }];

/** In place of the processes: each inspection waits until it is let go. */
class Gate {
  readonly open: PromiseWithResolvers<Inspection>[] = [];
  readonly trees = {
    withTemporary: () => {
      const one = Promise.withResolvers<Inspection>();
      this.open.push(one);
      return one.promise;
    },
  } as unknown as ArtefactTrees;
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('inspections', () => {
  it('run a few at a time, and all of them in the end', async () => {
    const gate = new Gate();
    const inspections = new Inspections(gate.trees, 1000);
    const all = Array.from({ length: 20 }, (_, index) => inspections.of(filesOf(String(index)), undefined));
    for (let done = 0; done < all.length; done++) {
      await turn();
      assert.ok(gate.open.length - done <= Math.min(4, availableParallelism()), `${gate.open.length - done} run`);
      gate.open[done]?.resolve(FOUND);
    }
    assert.equal((await Promise.all(all)).length, 20);
  });

  it('happen once for the same content and format', async () => {
    const gate = new Gate();
    const inspections = new Inspections(gate.trees, 1000);
    const first = inspections.of(filesOf('a'), 'onnx');
    await turn();
    gate.open[0]?.resolve(FOUND);
    assert.equal(await first, FOUND);
    assert.equal(await inspections.of(filesOf('a'), 'onnx'), FOUND);
    assert.equal(gate.open.length, 1);
    void inspections.of(filesOf('a'), undefined);
    void inspections.of(filesOf('b'), 'onnx');
    await turn();
    assert.ok(gate.open.length > 1, 'another format or content is another inspection');
    for (const one of gate.open) one.resolve(FOUND);
  });

  it('that failed are done again, and free their place', async () => {
    const gate = new Gate();
    const inspections = new Inspections(gate.trees, 1000);
    for (let tries = 0; tries < 10; tries++) {
      const one = inspections.of(filesOf('bad'), undefined);
      await turn();
      gate.open[tries]?.reject(new LeptonError('MODEL_INVALID', 'no'));
      await assert.rejects(one, /no/);
    }
    assert.equal(gate.open.length, 10);
  });
});
