import { after, before, describe } from 'node:test';
import { findPostgres, startPostgres, type ThrowAwayPostgres } from '../testing/postgres.ts';
import { openRepository } from '../testing/repository-fixture.ts';
import { describeRepository } from '../testing/repository-suite.ts';

describeRepository('sqlite', () => openRepository());

const postgresBin = findPostgres();
if (postgresBin === undefined) describe('model repository on postgres', { skip: 'Postgres is not installed (Debian: postgresql)' }, () => {});
else {
  describe('with a Postgres server', () => {
    let server: ThrowAwayPostgres;
    before(async () => {
      server = await startPostgres(postgresBin);
    });
    after(() => server.stop());
    describeRepository('postgres', async () => openRepository({ url: await server.createDatabase() }));
  });
}
