import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import type pg from 'pg';
import { Loop } from '../common/loop.js';
import { Connections } from '../database/connections.js';
import { PgPool } from '../database/pg-pool.js';
import { type Hint, Hints } from '../hints/hints.js';

/** A hint with its place in the order of all hints. */
export interface FeedEvent {
  readonly id: number;
  readonly topic: string;
  readonly type: string;
  readonly key: string | null;
}

export interface Replay {
  readonly events: FeedEvent[];
  /** The newest id there is; what comes later is delivered live. */
  readonly lastId: number;
}

type Listener = (events: FeedEvent[]) => void;

interface EventRow {
  id: string;
  topic: string;
  type: string;
  key: string | null;
}

const CHANNEL = 'rolecall_event';
const COLLECT_MS = 10;
const RETRY_MS = 500;
/** A firewall may forget a connection on which nothing comes, and tell neither side. */
const HEARTBEAT_MS = 10_000;
const MAX_WAITING = 10_000;
/** Ids are handed out before their commit, so a smaller one may appear after a larger one. */
const LOOK_BACK = 200;
const READ_LIMIT = 2_000;
const MAX_REPLAY = 2_000;

/**
 * Carries hints to every server process. They are written after the commit of the change, in batches
 * with one NOTIFY each: a NOTIFY inside the transactions would serialize all commits of the database.
 */
@Injectable()
export class EventFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger(EventFeed.name);
  private readonly listeners = new Set<Listener>();
  private readonly waiting = new Map<string, Hint>();
  private readonly seen = new Set<number>();
  private newest = 0;
  private client: pg.Client | null = null;
  private readonly flushes = new Loop(
    { name: 'writing hints', everyMs: () => this.nextFlushMs(), log: this.log },
    () => this.flush(),
  );
  private readonly connects = new Loop(
    {
      name: 'listening for events of other servers',
      everyMs: () => (this.client ? Infinity : RETRY_MS),
      log: this.log,
    },
    () => this.connect(),
  );
  private readonly heartbeats = new Loop(
    { name: 'the heartbeat of the events connection', everyMs: HEARTBEAT_MS, log: this.log },
    () => this.ask('SELECT 1'),
  );
  private readonly reads = new Loop(
    { name: 'reading events', everyMs: Infinity, log: this.log },
    () => this.read(),
  );
  private isFlushFailing = false;
  private isStopped = false;
  private stopHints: (() => void) | null = null;

  constructor(
    private readonly pg: PgPool,
    private readonly hints: Hints,
    private readonly connections: Connections,
  ) {}

  /** The id of the newest event that was delivered. */
  get lastId(): number {
    return this.newest;
  }

  async onApplicationBootstrap(): Promise<void> {
    this.flushes.start();
    this.reads.start();
    this.stopHints = this.hints.listen((hints) => this.enqueue(hints));
    await this.connect().catch((error: unknown) => {
      this.log.warn('events of other servers are not received yet', { error });
    });
    this.connects.start();
    this.heartbeats.start();
  }

  async onApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.stopHints?.();
    const loops = [this.flushes, this.reads, this.connects, this.heartbeats];
    await Promise.all(loops.map((loop) => loop.stop()));
    await this.client?.end().catch(() => undefined);
    this.client = null;
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Events after `id` for the topics; null when some were deleted, or when there are too many. */
  async replay(id: number, topics: readonly string[]): Promise<Replay | null> {
    const { rows } = await this.pg.query<{ oldest: string | null; newest: string | null }>(
      'event-range',
      'SELECT min(id)::text AS oldest, max(id)::text AS newest FROM event',
    );
    const newest = Number(rows[0]?.newest ?? 0);
    const oldest = Number(rows[0]?.oldest ?? newest + 1);
    if (id < oldest - 1 || id > newest) return null;
    const { rows: missed } = await this.pg.query<EventRow>(
      'event-replay',
      `SELECT id::text, topic, type, key FROM event
       WHERE id > $1 AND id <= $2 AND topic = ANY($3) ORDER BY id LIMIT $4`,
      [id, newest, topics, MAX_REPLAY + 1],
    );
    if (missed.length > MAX_REPLAY) return null;
    return { events: missed.map(toEvent), lastId: newest };
  }

  /** Deletes events that no client resumes from. The newest stays, so that the range is known. */
  async forgetOld(): Promise<void> {
    await this.pg.query(
      'event-forget',
      `DELETE FROM event WHERE id IN (
         SELECT id FROM event WHERE at < now() - interval '10 minutes'
           AND id < (SELECT max(id) FROM event) ORDER BY id LIMIT 20000)`,
    );
  }

  private enqueue(hints: readonly Hint[]): void {
    for (const hint of hints) {
      if (this.waiting.size >= MAX_WAITING) break; // Postgres is unavailable; listeners read again later
      this.waiting.set(JSON.stringify([hint.topic, hint.type, hint.key ?? null]), hint);
    }
    this.flushes.wake(this.nextFlushMs());
  }

  private nextFlushMs(): number {
    if (this.waiting.size === 0) return Infinity;
    return this.isFlushFailing ? RETRY_MS : COLLECT_MS;
  }

  private async flush(): Promise<void> {
    try {
      await this.writeWaiting();
      this.isFlushFailing = false;
    } catch (error) {
      this.isFlushFailing = true;
      throw error;
    }
  }

  private async writeWaiting(): Promise<void> {
    const batch = [...this.waiting];
    const { rows } = await this.pg.query<EventRow>(
      'event-insert',
      `INSERT INTO event (topic, type, key)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
       RETURNING id::text, topic, type, key`,
      [
        batch.map(([, { topic }]) => topic),
        batch.map(([, { type }]) => type),
        batch.map(([, { key }]) => key ?? null),
      ],
    );
    // A hint that was given again meanwhile is a new one.
    for (const [name, hint] of batch) {
      if (this.waiting.get(name) === hint) this.waiting.delete(name);
    }
    this.deliver(rows.map(toEvent));
    await this.notify();
  }

  /** Without a connection the others read what is new when this server has one again. */
  private notify(): Promise<void> {
    return this.ask(`SELECT pg_notify('${CHANNEL}', $1)`, [String(this.newest)]);
  }

  /** A connection that does not answer is given up: it would tell of no event either. */
  private async ask(text: string, values: unknown[] = []): Promise<void> {
    const { client } = this;
    if (!client) return;
    try {
      await client.query(text, values);
    } catch (error) {
      this.lose(client);
      void client.end().catch(() => undefined);
      throw error;
    }
  }

  private lose(client: pg.Client): void {
    if (this.client === client) this.client = null;
    this.connects.wake(RETRY_MS);
  }

  private async connect(): Promise<void> {
    if (this.isStopped || this.client) return;
    const client = this.connections.client({
      connectionTimeoutMillis: 1_500,
      query_timeout: 2_000,
      keepAlive: true,
      application_name: 'rolecall-events',
      // It waits for hours, which a limit for idle sessions must not end.
      settings: { idle_session_timeout: '0' },
    });
    const lost = () => this.lose(client);
    let ownProcess: number | null = null;
    client.on('error', lost);
    client.on('end', lost);
    // This server has delivered its own events already.
    client.on('notification', ({ processId }) => {
      if (processId !== ownProcess) this.reads.wake();
    });
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      ownProcess = rows[0]?.pid ?? null;
      if (this.newest === 0) await this.startFromNow();
      this.client = client;
      this.reads.wake();
      // Nobody was notified of events from the time without a connection.
      await this.notify();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  private async startFromNow(): Promise<void> {
    const { rows } = await this.pg.query<EventRow>(
      'event-newest',
      `SELECT id::text, topic, type, key FROM event ORDER BY id DESC LIMIT ${LOOK_BACK}`,
    );
    for (const row of rows) this.isNew(toEvent(row));
  }

  private async read(): Promise<void> {
    for (;;) {
      const from = this.newest;
      const { rows } = await this.pg.query<EventRow>(
        'event-read',
        `SELECT id::text, topic, type, key FROM event WHERE id > $1 ORDER BY id LIMIT ${READ_LIMIT}`,
        [Math.max(0, from - LOOK_BACK)],
      );
      this.deliver(rows.map(toEvent));
      if (rows.length < READ_LIMIT || this.newest === from) return;
    }
  }

  private deliver(events: FeedEvent[]): void {
    const fresh = events.filter((event) => this.isNew(event));
    if (fresh.length === 0) return;
    for (const listener of this.listeners) listener(fresh);
  }

  private isNew({ id }: FeedEvent): boolean {
    if (this.seen.has(id)) return false;
    this.seen.add(id);
    if (id > this.newest) this.newest = id;
    if (this.seen.size > 20 * LOOK_BACK) {
      for (const old of this.seen) if (old <= this.newest - 2 * LOOK_BACK) this.seen.delete(old);
    }
    return true;
  }
}

function toEvent({ id, topic, type, key }: EventRow): FeedEvent {
  return { id: Number(id), topic, type, key };
}
