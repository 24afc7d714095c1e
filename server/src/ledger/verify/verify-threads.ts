import type pg from 'pg';
import type { Connections } from '../../database/connections.js';
import { beginSnapshot, exportSnapshot } from './snapshot-client.js';
import { StretchWorkers, type WorkerInput } from './stretch-workers.js';

/** What reads the snapshot of a client beside it. */
export interface Helpers {
  /** For a long question that the client itself should not wait for. */
  readonly client: pg.Client;
  readonly workers: StretchWorkers;
  end(): Promise<void>;
}

export interface ThreadOptions {
  readonly count: number;
  /** Where the worker's program is, when it is not beside this file. */
  readonly program?: URL;
}

/** Starts threads and connections that see what a client sees. */
export class VerifyThreads {
  constructor(
    private readonly connections: Connections,
    private readonly options: ThreadOptions,
  ) {}

  async open(
    client: pg.Client,
    mirror: WorkerInput['mirror'],
    forgotten: WorkerInput['forgotten'] = [],
  ): Promise<Helpers> {
    const snapshot = await exportSnapshot(client);
    const second = this.connections.client({
      application_name: 'rolecall-verify',
      connectionTimeoutMillis: 5_000,
    });
    second.on('error', () => undefined); // a lost connection also fails the query
    const { count, program } = this.options;
    const databaseUrl = this.connections.sessionUrl;
    const input = { databaseUrl, snapshot, mirror, forgotten };
    const workers = new StretchWorkers(count, input, program);
    const end = async () => {
      await workers.end();
      await second.end().catch(() => undefined);
    };
    try {
      await second.connect();
      await beginSnapshot(second, snapshot);
    } catch (error) {
      await end();
      throw error;
    }
    return { client: second, workers, end };
  }
}
