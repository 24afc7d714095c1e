import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import type pg from 'pg';
import { AppError } from '../common/errors/app-error.js';
import type { ProblemCode } from '../common/errors/problems.js';
import { CauseLog } from '../common/cause-log.js';
import { FairQueue, QueueRejection } from '../common/fair-queue.js';
import { Connections } from './connections.js';
import { rootCause } from './database-errors.js';
import { AnswerTooLong, openPool, runTimed, type TimedQuery } from './pg-pool.js';

/** Who searches: one search of theirs runs at a time. */
export interface Searcher {
  readonly kind: string;
  readonly id: string | null;
  readonly label: string;
}

/** The statements of one turn run one after the other, on one connection. */
interface Turn {
  readonly startedAt: number;
  last: Promise<unknown>;
  isOver: boolean;
}

/** What each route that searches may answer. */
export const SEARCH_PROBLEMS = [
  'ledger.search_too_long',
  'ledger.search_too_slow',
  'ledger.searches_busy',
  'ledger.too_many_searches',
] as const satisfies readonly ProblemCode[];

const AT_ONCE = 3;
/** A page of the log asks for about ten things at once. */
const QUEUE = { atOnce: AT_ONCE, atOncePerKey: 1, perKey: 20, inAll: 60, patienceMs: 8_000 };
/** Postgres ends the statement, so that its connection is free for the next one. */
const STATEMENT_MS = 5_000;
/** For a Postgres that does not answer at all. */
const ANSWER_MS = 6_500;
const ANSWER_BYTES = 32 * 1024 * 1024;
/** After this a turn begins no further statement. */
const TURN_MS = 30_000;

/**
 * The few connections of whatever searches the log. A search may take seconds, and whoever asks for
 * many at once waits here: never those who need a token, sign in or write an entry.
 */
@Injectable()
export class SearchPool implements OnApplicationShutdown {
  private readonly log = new Logger(SearchPool.name);
  private readonly pool: pg.Pool;
  private readonly queue = new FairQueue(QUEUE);
  private readonly current = new AsyncLocalStorage<Turn>();
  private readonly causes = new CauseLog();

  constructor(connections: Connections) {
    this.pool = openPool(
      connections.shared({
        max: AT_ONCE,
        application_name: 'rolecall-search',
        settings: {
          lock_timeout: '1500',
          statement_timeout: String(STATEMENT_MS),
          // One processor each at most.
          max_parallel_workers_per_gather: '0',
        },
      }),
    );
  }

  /**
   * Runs `search` when it is their turn. Throws `too_many` (429) when too many of theirs wait, and
   * `unavailable` (503) when it would take too long. Within a turn it is a part of that one.
   */
  async inTurn<T>(who: Searcher, search: () => Promise<T>): Promise<T> {
    if (this.current.getStore()?.isOver === false) return search();
    try {
      return await this.queue.run(keyOf(who), async () => {
        const turn: Turn = { startedAt: performance.now(), last: Promise.resolve(), isOver: false };
        try {
          return await this.current.run(turn, search);
        } finally {
          turn.isOver = true;
          await turn.last;
        }
      });
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      if (error.isOwn) this.noteRefusal(who, error);
      throw refused(error);
    }
  }

  /**
   * Runs one statement of the turn. Without a name it is planned for its values. An answer of more
   * bytes is refused: an entry may have 256 kB.
   */
  query<R extends pg.QueryResultRow>(
    name: string,
    text: string,
    values: unknown[] = [],
    mostBytes = ANSWER_BYTES,
  ): Promise<pg.QueryResult<R>> {
    const turn = this.current.getStore();
    if (!turn) throw new Error('A search of the log needs a turn: see SearchPool.inTurn');
    const result = turn.last.then(() => this.runIn<R>(turn, { name, text, values }, mostBytes));
    turn.last = result.catch(() => undefined);
    return result;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.end();
  }

  private async runIn<R extends pg.QueryResultRow>(
    turn: Turn,
    query: TimedQuery,
    mostBytes: number,
  ): Promise<pg.QueryResult<R>> {
    // Its search has failed already, or takes too long.
    if (turn.isOver || performance.now() - turn.startedAt > TURN_MS) throw tooSlow();
    try {
      return await runTimed<R>(this.pool, query, ANSWER_MS, mostBytes);
    } catch (error) {
      if (error instanceof AnswerTooLong) throw tooLong(error);
      if (!isTimeout(error)) throw error;
      throw tooSlow(error);
    }
  }

  /** One answered 503 is logged where it is answered. */
  private noteRefusal({ kind, id }: Searcher, { message }: QueueRejection): void {
    const before = this.causes.count('refused');
    if (before === null) return;
    const { running, length } = this.queue;
    const more = before === 0 ? '' : `, ${before} more refusals before`;
    this.log.warn(
      `A search of the log was answered 429: ${message} of ${kind} ${id ?? ''} (${running} run, ${length} wait${more})`,
    );
  }
}

function keyOf({ kind, id, label }: Searcher): string {
  return `${kind} ${id ?? label}`;
}

function refused(cause: QueueRejection): AppError {
  if (cause.isOwn) {
    const text = 'Too many of your searches wait already. Try again when they are done.';
    return new AppError('too_many', 'ledger.too_many_searches', text, { retryAfter: 5, cause });
  }
  const text = 'Too many searches of the log run now. Try again in a moment.';
  return new AppError('unavailable', 'ledger.searches_busy', text, { retryAfter: 5, cause });
}

function tooSlow(cause?: unknown): AppError {
  const text = 'The search took too long. Ask for a shorter time, or for less text.';
  return new AppError('unavailable', 'ledger.search_too_slow', text, { retryAfter: 5, cause });
}

function tooLong(cause: unknown): AppError {
  const text =
    'The entries that this reads are too long to be read at once. Ask for a shorter time.';
  return new AppError('too_large', 'ledger.search_too_long', text, { cause });
}

function isTimeout(error: unknown): boolean {
  const { code, message } = rootCause(error);
  return code === '57014' || /Query read timeout/i.test(message);
}
