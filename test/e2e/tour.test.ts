import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { assertInBothLanguages, DocumentShell, readBlocks } from './support/document.ts';

describe('the five-minute tour', () => {
  const tour = readBlocks('README.md', 'Five-minute tour');
  let shell: DocumentShell;
  before(async () => {
    shell = await DocumentShell.open({ http: '8080', grpc: '8081' });
  });
  after(() => shell.close());

  it('is in the README, in both languages the same', () => {
    assert.ok(tour.filter(({ background }) => !background).length >= 5);
    assertInBothLanguages(tour);
  });

  it('starts the platform as it says', async () => {
    const [start] = tour.filter(({ background }) => background).flatMap(({ commands }) => commands);
    assert.ok(start);
    await shell.start(start);
  });

  for (const command of tour.filter(({ background }) => !background).flatMap(({ commands }) => commands)) {
    it(`runs: ${command}`, async () => {
      const output = await shell.outputOf(command);
      if (!/label set|traffic /.test(command)) assert.notEqual(output.trim(), '', 'says something');
    });
  }

  it('has left a service that the declaration describes, so that applying it again changes nothing', async () => {
    assert.match(await shell.outputOf('bin/lepton-ai apply -f examples/my-service.yaml --dry-run'), /no change|nothing|unchanged/i);
  });
});
