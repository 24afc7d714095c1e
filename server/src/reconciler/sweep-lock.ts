import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { Loop } from '../common/loop.js';
import { Connections } from '../database/connections.js';

/** Any number will do, as long as nothing else locks it. */
const LOCK = 0x726f6c65;
const TIMEOUT_MS = 1_500;
/** Postgres ends a connection from which nothing came for this long, and gives up its lock. */
const LEASE_MS = 6_000;
const HEARTBEAT_MS = 2_000;
const TAKE = `
  SELECT mine AS "isMine", CASE WHEN mine THEN set_config('idle_session_timeout', $2, false) END
  FROM (SELECT pg_try_advisory_lock($1) AS mine OFFSET 0) AS lock`;

/**
 * The server that holds this lock sweeps. Postgres releases it with the connection, and closes the
 * connection of a server that hangs, so another one takes over. A server that wakes up later may
 * finish its sweep beside the new one, which is harmless: every call is absolute.
 */
@Injectable()
export class SweepLock implements OnApplicationShutdown {
  private readonly log = new Logger(SweepLock.name);
  private client: pg.Client | null = null;
  private heartbeat: Loop | null = null;
  private isStopped = false;

  constructor(private readonly connections: Connections) {}

  /** True while this server is the one. Takes the lock when it is free. */
  async hold(): Promise<boolean> {
    if (this.isStopped) return false;
    try {
      this.client ??= await this.connect();
      return this.heartbeat ? await this.beat(this.client) : await this.take(this.client);
    } catch {
      // Postgres is unavailable: no server sweeps, and the next pass tries again.
      if (this.client) this.forget(this.client);
      return false;
    }
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    if (this.client) this.forget(this.client);
  }

  private async connect(): Promise<pg.Client> {
    const client = this.connections.client({
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
      application_name: 'rolecall-sweep',
    });
    client.on('error', () => this.forget(client));
    client.on('end', () => this.forget(client));
    await client.connect();
    return client;
  }

  private async take(client: pg.Client): Promise<boolean> {
    const { rows } = await client.query<{ isMine: boolean }>(TAKE, [LOCK, String(LEASE_MS)]);
    if (!rows[0]?.isMine || this.client !== client || this.isStopped) return false;
    this.heartbeat = new Loop(
      { name: 'the heartbeat of the sweep lock', everyMs: HEARTBEAT_MS, log: this.log },
      () => this.beat(client),
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
