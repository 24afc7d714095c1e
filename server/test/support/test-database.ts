import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
  /** ROLECALL_HOME of every server on it: the key of its ledger, and the mirror. */
  readonly home: string;
  /** What the application's role may not do, such as a trigger that makes something fail. */
  asOwner(...statements: string[]): Promise<void>;
  drop(): Promise<void>;
}

/** A migrated, empty database of its own for one test file. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const home = mkdtempSync(join(tmpdir(), 'rolecall-test-home-'));
  const { template } = postgresFacts();
  const database = await copyOf(template, home);
  return {
    ...database,
    drop: async () => {
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** Another one like it, with the same home. Nobody may be connected to the first. */
export function copyDatabase({ ownerUrl, home }: TestDatabase): Promise<TestDatabase> {
  return copyOf(new URL(ownerUrl).pathname.slice(1), home);
}

function postgresFacts(): TestPostgresFacts {
  const text = process.env.TEST_PG;
  if (!text) {
    throw new Error('There is no TEST_PG: only *.int-spec.ts and *.e2e-spec.ts have a Postgres');
  }
  return JSON.parse(text) as TestPostgresFacts;
}

async function copyOf(template: string, home: string): Promise<TestDatabase> {
  const facts = postgresFacts();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await asSuperuser(facts.superuserUrl, [
    `CREATE DATABASE ${name} TEMPLATE ${template} OWNER ${facts.owner.role}`,
  ]);
  const ownerUrl = testDatabaseUrl(facts, facts.owner, name);
  return {
    ownerUrl,
    home,
    asOwner: (...statements) => asSuperuser(ownerUrl, statements),
    appUrl: testDatabaseUrl(facts, facts.app, name),
    drop: () => asSuperuser(facts.superuserUrl, [`DROP DATABASE ${name} WITH (FORCE)`]),
  };
}
