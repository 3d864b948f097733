import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DocumentShell, readBlocks } from './support/document.ts';

/** Guides whose commands run as they stand, with the ports that they listen on. */
const GUIDES = [
  { page: 'docs/guides/from-tensorflow-serving.md', http: '8501', grpc: '8500', answers: 3 },
  { page: 'docs/guides/from-kserve.md', http: '8080', grpc: '8081', answers: 3 },
  { page: 'docs/guides/from-mlflow.md', http: '5000', grpc: '5001', answers: 3 },
  { page: 'docs/guides/feedback.md', http: '8080', grpc: '8081', answers: 3 },
  { page: 'docs/guides/logs.md', http: '8080', grpc: '8081', answers: 0 },
  { page: 'docs/guides/dashboard.md', http: '8080', grpc: '8081', answers: 1 },
  { page: 'docs/guides/alerts.md', http: '8080', grpc: '8081', answers: 0 },
  { page: 'docs/guides/capture-and-drift.md', http: '8080', grpc: '8081', answers: 0 },
] as const;

for (const { page, http, grpc, answers } of GUIDES) {
  describe(page, () => {
    const blocks = readBlocks(page);
    let shell: DocumentShell;
    before(async () => {
      shell = await DocumentShell.open({ http, grpc });
    });
    after(() => shell.close());

    it('starts the platform and shows answers', async () => {
      const [start] = blocks.filter(({ background }) => background).flatMap(({ commands }) => commands);
      assert.ok(start);
      assert.ok(blocks.filter(({ answer }) => answer !== null).length >= answers);
      await shell.start(start);
    });

    for (const { commands, answer, script } of blocks.filter(({ background }) => !background)) {
      if (script) it(`writes ${script.file}`, () => shell.write(script));
      for (const [index, command] of commands.entries()) {
        it(`runs: ${command}`, async () => {
          const output = await shell.outputOf(command);
          if (answer !== null && index === commands.length - 1) assert.equal(output.trim(), answer);
        });
      }
    }
  });
}
