/**
 * A program for the kill test: `repository-churn DIRECTORY ROUND`. Publishes versions and moves a label without end, and
 * prints one line for each change after it was acknowledged.
 */
import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { scaleModel } from './onnx-models.ts';
import { openRepository, store } from './repository-fixture.ts';

const [directory = '', round = '0'] = process.argv.slice(2);
const { repository } = await openRepository({ directory });
const by = 'churn';

/** Synchronous, so that a line that was printed is in the pipe when the process is killed. */
const acknowledge = (line: string): void => void writeSync(1, `${line}\n`);

async function publishWithoutEnd(lane: number): Promise<never> {
  for (let index = 0; ; index++) {
    const version = `r${round}-${lane}-${index}`;
    const model = await store(repository, 'model.onnx', scaleModel(Number(round) * 1000 + lane * 100 + index));
    const notes = await store(repository, 'notes/shared.txt', Buffer.from('shared by all versions'));
    await repository.publish({ repository: 'churn', version, files: [model, notes], by, createRepository: true });
    acknowledge(`published ${version}`);
    await repository.materialise((await repository.getVersion('churn', version)).digest);
  }
}

async function moveLabelsWithoutEnd(): Promise<never> {
  for (;;) {
    for (const { version } of await repository.listVersions('churn')) {
      await repository.moveLabel('churn', 'current', version, { by });
      acknowledge(`moved ${version}`);
      // Publications need turns of their own.
      await delay(5);
    }
  }
}

await repository.createRepository('churn', { by, ifNotExists: true });
acknowledge('ready');
const seed = await store(repository, 'model.onnx', scaleModel(-1));
await repository.publish({ repository: 'churn', version: 'seed', files: [seed], by });
await Promise.all([publishWithoutEnd(0), publishWithoutEnd(1), moveLabelsWithoutEnd()]);
