import { startTestPostgres } from '../../../tools/lib/test-postgres.mjs';

/** One Postgres for the whole run; the test files find it in the variable TEST_PG. */
export default async function globalSetup() {
  const server = await startTestPostgres({
    databaseUrl: process.env.TEST_DATABASE_URL,
    log: (line) => process.stderr.write(`${line}\n`),
  });
  process.env.TEST_PG = JSON.stringify(server.facts);
  globalThis.testPostgres = server;
}
