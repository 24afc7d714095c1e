import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type LoggerService } from '@nestjs/common';
import pg from 'pg';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { type PostgresAddress, readPostgresUrl } from '../config/postgres-url.js';
import { examineDatabase, type Findings } from './examine-database.js';
import { DatabaseRefused, refusalOf } from './database-refused.js';
import { isDatabaseUnavailable } from './database-errors.js';
import { connectionOf, type ConnectionOptions } from './connection-of.js';
import type { ClientClass } from './session-client.js';

type DatabaseUrls = Pick<AppConfig, 'databaseUrl'> & Partial<Pick<AppConfig, 'databaseSessionUrl'>>;

/**
 * How every part of the server connects: with the settings that it relies on, and through a pooler
 * by its rules. Nothing else reads the addresses of the database.
 */
@Injectable()
export class Connections {
  private readonly address: PostgresAddress;
  private readonly sessionAddress: PostgresAddress;
  private keepsSessions = true;

  constructor(@Inject(APP_CONFIG) private readonly config: DatabaseUrls) {
    this.address = readPostgresUrl(config.databaseUrl);
    this.sessionAddress = readPostgresUrl(this.sessionUrl);
  }

  /** Asks the database what it is. Throws `DatabaseRefused` when Rolecall cannot work with it. */
  async check(): Promise<void> {
    const findings = await examineDatabase(this.address, 'DATABASE_URL');
    refuse(findings);
    this.keepsSessions = findings.keepsSessions;
    if (this.config.databaseSessionUrl) {
      const own = await examineDatabase(this.sessionAddress, 'DATABASE_SESSION_URL');
      refuse(own);
      if (!own.keepsSessions) throw new DatabaseRefused(SESSION_URL_IS_POOLED);
      if (own.database !== findings.database) throw new DatabaseRefused(OTHER_DATABASE);
    } else if (!findings.keepsSessions) {
      throw new DatabaseRefused(NEEDS_SESSION_URL);
    }
  }

  /** For transactions and statements on their own. */
  shared(options: ConnectionOptions): pg.PoolConfig & { Client: ClientClass } {
    return connectionOf(this.address, this.keepsSessions, options);
  }

  /** For what a session keeps: LISTEN, locks of the session, prepared statements. */
  ownSession(options: ConnectionOptions): pg.PoolConfig & { Client: ClientClass } {
    return connectionOf(this.sessionAddress, true, options);
  }

  /** The address of connections with a session of their own; it may hold a password. */
  get sessionUrl(): string {
    return this.config.databaseSessionUrl ?? this.config.databaseUrl;
  }

  /** One client with its own session, not yet connected. */
  client(options: ConnectionOptions): pg.Client {
    const { Client, ...config } = this.ownSession(options);
    return new Client(config);
  }
}

const ATTEMPTS = 5;
const RETRY_MS = 1_000;

/** Examined connections. A database that is just starting gets a few seconds. */
export async function openConnections(
  config: DatabaseUrls,
  log: Pick<LoggerService, 'warn'>,
): Promise<Connections> {
  const connections = new Connections(config);
  for (let attempt = 1; ; attempt++) {
    try {
      await connections.check();
      return connections;
    } catch (error) {
      if (attempt > ATTEMPTS || !isDatabaseUnavailable(error)) throw error;
      log.warn((error as Error).message);
      await delay(RETRY_MS);
    }
  }
}

function refuse(findings: Findings): void {
  const text = refusalOf(findings);
  if (text) throw new DatabaseRefused(text);
}

const NEEDS_SESSION_URL =
  'DATABASE_URL leads to a pooler that gives each transaction another session (PgBouncer: pool_mode = transaction). ' +
  'Events and the lock of the sweep need a session of their own: set DATABASE_SESSION_URL to the address of ' +
  'Postgres itself, or of a pooler with pool_mode = session.';
const SESSION_URL_IS_POOLED =
  'DATABASE_SESSION_URL leads to a pooler that gives each transaction another session. ' +
  'Set it to the address of Postgres itself, or of a pooler with pool_mode = session.';
const OTHER_DATABASE = 'DATABASE_SESSION_URL and DATABASE_URL lead to different databases.';
