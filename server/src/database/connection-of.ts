import type pg from 'pg';
import type { PostgresAddress } from '../config/postgres-url.js';
import { type ClientClass, sessionClient } from './session-client.js';
import { type Settings, sessionSettings } from './session-settings.js';
import { transactionClient } from './transaction-client.js';

/** What each connection is for: its name in `pg_stat_activity`, limits, settings. */
export type ConnectionOptions = Omit<pg.PoolConfig, 'options'> & { settings?: Settings };

export function connectionOf(
  { client, settings: fromUrl }: PostgresAddress,
  keepsSessions: boolean,
  { settings, ...options }: ConnectionOptions,
): pg.PoolConfig & { Client: ClientClass } {
  const all = sessionSettings(fromUrl, settings);
  const Client = keepsSessions ? sessionClient(all) : transactionClient(all);
  return { ...client, ...options, Client };
}
