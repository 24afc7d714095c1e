import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { Loop } from '../common/loop.js';
import type { Connections } from './connections.js';

const TIMEOUT_MS = 1_500;
/** Postgres ends a connection from which nothing came for this long, and gives up its lock. */
const LEASE_MS = 6_000;
const HEARTBEAT_MS = 2_000;
const TAKE = `
  SELECT mine AS "isMine", CASE WHEN mine THEN set_config('idle_session_timeout', $2, false) END
  FROM (SELECT pg_try_advisory_lock($1) AS mine OFFSET 0) AS lock`;

export interface SessionLockOptions {
  /** Any number that nothing else locks. */
  readonly number: number;
  /** In `pg_stat_activity`, and in the log as "the lock of …". */
  readonly name: string;
}

/**
 * A lock that one server of all holds, for as long as it answers. Postgres releases it with the
 * connection, and closes the connection of a server that hangs, so another one takes over. A server
 * that wakes up later may finish what it had begun: the work itself has to allow for that.
 */
export class SessionLock implements OnApplicationShutdown {
  private readonly log: Logger;
  private client: pg.Client | null = null;
  private heartbeat: Loop | null = null;
  private isStopped = false;

  constructor(
    private readonly connections: Connections,
    private readonly options: SessionLockOptions,
  ) {
    this.log = new Logger(`${options.name} lock`);
  }

  /** True while this server is the one. Takes the lock when it is free. */
  async hold(): Promise<boolean> {
    if (this.isStopped) return false;
    try {
      this.client ??= await this.connect();
      return this.heartbeat ? await this.beat(this.client) : await this.take(this.client);
    } catch {
      // Postgres is unavailable: no server holds it, and the next pass tries again.
      if (this.client) this.forget(this.client);
      return false;
    }
  }

  /** Lets another server have it. */
  release(): void {
    if (this.client) this.forget(this.client);
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    this.release();
  }

  private async connect(): Promise<pg.Client> {
    const client = this.connections.client({
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
      application_name: `rolecall-${this.options.name}`,
    });
    client.on('error', () => this.forget(client));
    client.on('end', () => this.forget(client));
    await client.connect();
    return client;
  }

  private async take(client: pg.Client): Promise<boolean> {
    const { rows } = await client.query<{ isMine: boolean }>(TAKE, [
      this.options.number,
      String(LEASE_MS),
    ]);
    if (!rows[0]?.isMine || this.client !== client || this.isStopped) return false;
    const name = `the heartbeat of the ${this.options.name} lock`;
    this.heartbeat = new Loop({ name, everyMs: HEARTBEAT_MS, log: this.log }, () =>
      this.beat(client),
    );
    this.heartbeat.start();
    return true;
  }

  private async beat(client: pg.Client): Promise<boolean> {
    try {
      await client.query('SELECT 1');
      return this.client === client;
    } catch {
      this.forget(client);
      return false;
    }
  }

  private forget(client: pg.Client): void {
    void client.end().catch(() => undefined);
    if (this.client !== client) return;
    this.client = null;
    void this.heartbeat?.stop();
    this.heartbeat = null;
  }
}
