import { randomUUID } from 'node:crypto';
import {
  asSuperuser,
  type TestPostgresFacts,
  testDatabaseUrl,
} from '../../../tools/lib/test-postgres.mjs';

export interface TestDatabase {
  /** As the role that migrates. */
  readonly ownerUrl: string;
  /** As the role that the application has. */
  readonly appUrl: string;
  /** What the application's role may not do, such as a trigger that makes something fail. */
  asOwner(...statements: string[]): Promise<void>;
  drop(): Promise<void>;
}

/** A migrated, empty database of its own for one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const text = process.env.TEST_PG;
  if (!text) {
    throw new Error('There is no TEST_PG: only *.int-spec.ts and *.e2e-spec.ts have a Postgres');
  }
  const facts = JSON.parse(text) as TestPostgresFacts;
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asSuperuser(facts.superuserUrl, [
    `CREATE DATABASE ${name} TEMPLATE ${facts.template} OWNER ${facts.owner.role}`,
  ]);
  const ownerUrl = testDatabaseUrl(facts, facts.owner, name);
  return {
    ownerUrl,
    asOwner: (...statements) => asSuperuser(ownerUrl, statements),
    appUrl: testDatabaseUrl(facts, facts.app, name),
    drop: () => asSuperuser(facts.superuserUrl, [`DROP DATABASE ${name} WITH (FORCE)`]),
  };
}
