import pg from 'pg';
import type { PostgresAddress } from '../config/postgres-url.js';
import { whyNotConnected } from './why-not-connected.js';

/** What one address leads to. */
export interface Findings {
  /** The variable that has the address. */
  readonly variable: string;
  /** The major version. */
  readonly version: number;
  readonly versionText: string;
  readonly encoding: string;
  readonly database: string;
  readonly hasIcu: boolean;
  readonly isolation: string;
  /** False: a pooler hands each transaction to another session. */
  readonly keepsSessions: boolean;
  readonly isPooledByStatement: boolean;
}

const QUESTIONS = `
  SELECT current_setting('server_version_num')::int / 10000 AS version,
    current_setting('server_version') AS "versionText",
    current_setting('server_encoding') AS encoding,
    current_setting('default_transaction_isolation') AS isolation,
    current_database()::text AS database,
    EXISTS (SELECT FROM pg_collation WHERE collname = 'und-x-icu') AS "hasIcu"`;

type Answers = Omit<Findings, 'variable' | 'keepsSessions' | 'isPooledByStatement'>;

/** On a busy pooler another client may take the session that would tell. */
const ROUNDS = 5;
const TIMEOUT_MS = 5_000;

/** Throws an error that says why, when nothing answers there. */
export async function examineDatabase(
  address: PostgresAddress,
  variable: string,
): Promise<Findings> {
  const clients = [plainClient(address), plainClient(address)] as const;
  const [first, second] = clients;
  try {
    await first.connect();
    const { rows } = await first.query<Answers>(QUESTIONS);
    await second.connect();
    return {
      ...(rows[0] as Answers),
      variable,
      ...(await examinePooler(first, second)),
    };
  } catch (error) {
    throw whyNotConnected(error, address.client, variable);
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)));
  }
}

/** Without any setting: what the pooler and the database make of a client that asks for nothing. */
function plainClient({ client }: PostgresAddress): pg.Client {
  const opened = new pg.Client({
    ...client,
    application_name: 'rolecall-start',
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  opened.on('error', () => undefined); // it also fails the query
  return opened;
}

/** Two clients that were served by the same session, one after the other, are pooled by transactions. */
async function examinePooler(
  first: pg.Client,
  second: pg.Client,
): Promise<Pick<Findings, 'keepsSessions' | 'isPooledByStatement'>> {
  for (let round = 0; round < ROUNDS; round++) {
    const before = await sessionOf(first);
    try {
      await second.query('BEGIN');
    } catch (error) {
      if ((error as { code?: string }).code !== '08P01') throw error;
      return { keepsSessions: false, isPooledByStatement: true };
    }
    const other = await sessionOf(second);
    // The second one keeps its session for now, so the first gets another where it must share.
    const after = before === other ? before : await sessionOf(first);
    await second.query('ROLLBACK');
    if (before === other || before !== after)
      return { keepsSessions: false, isPooledByStatement: false };
  }
  return { keepsSessions: true, isPooledByStatement: false };
}

async function sessionOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return (rows[0] as { pid: number }).pid;
}
