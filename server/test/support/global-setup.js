import { startTestPostgres } from '../../../tools/lib/test-postgres.mjs';

/** One Postgres for the whole run, unless `npm test` has started it; TEST_PG says where it is. */
export default async function globalSetup() {
  if (process.env.TEST_PG) return;
  const server = await startTestPostgres({
    databaseUrl: process.env.TEST_DATABASE_URL,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.env.TEST_PG = JSON.stringify(server.facts);
  globalThis.testPostgres = server;
}
