import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { LedgerService } from '../ledger.service.js';
import { SummedEntries } from '../summed-entries.js';

/** What of the log somebody looks at. `activity`: its page, with all the figures on it. */
export type LogView =
  | 'activity'
  | 'anomalies'
  | 'bundle'
  | 'entry'
  | 'exposure'
  | 'issuances'
  | 'proof'
  | 'sessions'
  | 'timeline'
  | 'token';

export interface Preview {
  readonly room: string | null;
  /** Null: `userId` says who, or nobody was named. */
  readonly identity: string | null;
  readonly userId?: string | undefined;
  /** Another role than the one that they would get. */
  readonly template?: string | undefined;
}

const SUM_EVERY_MS = 10 * 60_000;
const MAX_KEYS = 5_000;
/** A page asks for its parts at once, and again when it is turned or opened in a second tab. */
const ONE_LOOK_MS = 60_000;

/** Who looked at what: reading the log is in the log as well, and so is what a preview showed. */
@Injectable()
export class LedgerReads implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly sums: SummedEntries;

  constructor(ledger: LedgerService) {
    const name = 'reads of the log';
    this.sums = new SummedEntries(ledger, {
      name,
      sumEveryMs: SUM_EVERY_MS,
      maxKeys: MAX_KEYS,
      partOfFirstMs: ONE_LOOK_MS,
    });
  }

  onApplicationBootstrap(): void {
    this.sums.start();
  }

  onModuleDestroy(): Promise<void> {
    return this.sums.stop();
  }

  /**
   * Call it before the answer leaves, and after the log was read: nobody finds only their own look.
   * Throws `unavailable` when it cannot be written.
   */
  looked(actor: Actor, view: LogView, filter: Record<string, unknown> = {}): Promise<void> {
    return this.noteLook(actor, view, filter, false);
  }

  /** The same of what stands beside the entries on the page of the log, and says no more than it. */
  lookedBeside(actor: Actor): Promise<void> {
    return this.noteLook(actor, 'activity', {}, true);
  }

  private async noteLook(
    actor: Actor,
    view: LogView,
    filter: Record<string, unknown>,
    saysNothingElse: boolean,
  ): Promise<void> {
    const isFiltered = Object.keys(filter).length > 0;
    await this.sums.note(
      `read ${keyOf(actor)} ${view}`,
      {
        kind: 'ledger.read',
        outcome: 'ok',
        actor,
        payload: { view, ...(isFiltered ? { filter } : {}) },
      },
      isFiltered ? filter : undefined,
      { saysNothingElse },
    );
  }

  /** The same of what a token would be, or of why somebody has a role. */
  async previewed(actor: Actor, about: Preview): Promise<void> {
    const { room, identity, ...rest } = about;
    await this.sums.note(
      `preview ${keyOf(actor)}`,
      {
        kind: 'token.previewed',
        outcome: 'ok',
        actor,
        room,
        identity,
        payload: rest,
      },
      about,
    );
  }
}

function keyOf({ kind, id, label }: Actor): string {
  return `${kind} ${id ?? label}`;
}
