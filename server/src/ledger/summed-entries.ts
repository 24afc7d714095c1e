import { Logger } from '@nestjs/common';
import { Loop } from '../common/loop.js';
import type { LedgerEntryInput } from './ledger-entry.js';
import type { LedgerService } from './ledger.service.js';

export interface SummedOptions {
  /** What is summed up, as it reads in "summing up … failed". */
  readonly name: string;
  readonly sumEveryMs: number;
  /** Beyond so many at once, more are told as one. */
  readonly maxKeys: number;
  /** What follows within this time and says nothing else is a part of the first. Left out: nothing. */
  readonly partOfFirstMs?: number;
}

interface Sum {
  readonly first: LedgerEntryInput;
  /** The detail of the first. */
  readonly said: string | undefined;
  readonly begunAt: number;
  /** Settles when the first entry is committed. */
  readonly written: Promise<unknown>;
  since: Date;
  count: number;
  details: Map<string, unknown>;
}

const LOOK_MS = 15_000;
const MAX_DETAILS = 20;
const ELSEWHERE = 'elsewhere';

/**
 * Writes down what may happen often, so that it leaves a trace and cannot fill the ledger: the first
 * of its key as it is, and what follows as a sum (`times`, `since`, `until`, `also`). What a server
 * has counted since its last sum is lost when it is killed; the first of each is not.
 */
export class SummedEntries {
  private readonly sums = new Map<string, Sum>();
  private readonly loop: Loop;

  constructor(
    private readonly ledger: LedgerService,
    private readonly options: SummedOptions,
  ) {
    const log = new Logger(SummedEntries.name);
    const everyMs = Math.min(LOOK_MS, options.sumEveryMs);
    const name = `summing up ${options.name}`;
    this.loop = new Loop({ name, everyMs, log }, () => this.sumUp(options.sumEveryMs));
  }

  start(): void {
    this.loop.start();
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    await this.loop.stop();
    await this.sumUp(0).catch(() => undefined);
  }

  /**
   * Returns once the first entry of the key is committed; throws `unavailable` when it cannot be.
   * `detail`: what differs within a key; the sum has some of them. `saysNothingElse`: it is a part of
   * the first whatever that says.
   */
  async note(
    key: string,
    entry: LedgerEntryInput,
    detail?: unknown,
    { saysNothingElse = false } = {},
  ): Promise<void> {
    const said = JSON.stringify(detail);
    const sum = this.sums.get(key) ?? this.begin(this.hasRoom() ? key : ELSEWHERE, entry, said);
    const isPart =
      performance.now() - sum.begunAt < (this.options.partOfFirstMs ?? 0) &&
      (saysNothingElse || said === sum.said);
    if (sum.first === entry || isPart) {
      await sum.written;
      return;
    }
    sum.count++;
    if (detail !== undefined && sum.details.size < MAX_DETAILS) {
      sum.details.set(JSON.stringify(detail), detail);
    }
    await sum.written;
  }

  private hasRoom(): boolean {
    return this.sums.size < this.options.maxKeys;
  }

  private begin(key: string, entry: LedgerEntryInput, said: string | undefined): Sum {
    const known = this.sums.get(key);
    if (known) return known;
    const written = this.ledger.appendDurably(entry);
    const sum = {
      first: entry,
      said,
      begunAt: performance.now(),
      written,
      since: new Date(),
      count: 0,
      details: new Map(),
    };
    this.sums.set(key, sum);
    // What could not be written is a first one again.
    written.catch(() => this.sums.delete(key));
    return sum;
  }

  /** Writes the sums that are older, and forgets keys that nothing followed. */
  private async sumUp(olderMs: number): Promise<void> {
    const until = new Date();
    const due = [...this.sums].filter(([, { since }]) => +until - +since >= olderMs);
    await Promise.all(
      due.map(async ([key, sum]) => {
        const { first, count, since, details } = sum;
        if (count === 0) {
          this.sums.delete(key);
          return;
        }
        Object.assign(sum, { count: 0, since: until, details: new Map() });
        const { kind: actorKind, id, label } = first.actor;
        const also = details.size > 0 ? { also: [...details.values()] } : {};
        const sumOf = { times: count, since: since.toISOString(), until: until.toISOString() };
        try {
          await this.ledger.appendDurably({
            ...first,
            actor: { kind: actorKind, id, label },
            payload: { ...first.payload, ...sumOf, ...also },
          });
        } catch (error) {
          sum.count += count;
          sum.since = since;
          for (const [text, value] of details) sum.details.set(text, value);
          throw error;
        }
      }),
    );
  }
}
