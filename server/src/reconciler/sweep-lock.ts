import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';

/** Any number will do, as long as nothing else locks it. */
const LOCK = 0x726f6c65;
const TIMEOUT_MS = 1_500;

/**
 * Of all servers on one database, the one that holds this lock sweeps. Postgres gives it up with
 * the connection, so a server that dies, hangs or loses Postgres makes room for the next.
 */
@Injectable()
export class SweepLock implements OnApplicationShutdown {
  private client: pg.Client | null = null;
  private isStopped = false;

  constructor(@Inject(APP_CONFIG) private readonly config: AppConfig) {}

  /** True while this server is the one. Takes the lock when it is free. */
  async hold(): Promise<boolean> {
    if (this.isStopped) return false;
    if (this.client) return this.isStillHeld(this.client);
    const client = new pg.Client({
      connectionString: this.config.databaseUrl,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
      application_name: 'rolecall-sweep',
    });
    client.on('error', () => this.forget(client));
    client.on('end', () => this.forget(client));
    try {
      await client.connect();
      const { rows } = await client.query<{ isMine: boolean }>(
        'SELECT pg_try_advisory_lock($1) AS "isMine"',
        [LOCK],
      );
      if (rows[0]?.isMine && !this.isStopped) {
        this.client = client;
        return true;
      }
    } catch {
      // Postgres is away: nobody sweeps, and the next round tries again.
    }
    await close(client);
    return false;
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    const client = this.client;
    this.client = null;
    if (client) await close(client);
  }

  private async isStillHeld(client: pg.Client): Promise<boolean> {
    try {
      await client.query('SELECT 1');
      return this.client === client;
    } catch {
      this.forget(client);
      await close(client);
      return false;
    }
  }

  private forget(client: pg.Client): void {
    if (this.client === client) this.client = null;
  }
}

async function close(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}
