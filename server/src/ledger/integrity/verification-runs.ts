import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import type { ActorKind } from '../../grants/policy.js';
import { SearchPool } from '../../database/search-pool.js';
import { ledgerId } from '../ledger-entry.js';
import { LedgerService } from '../ledger.service.js';
import type { VerificationBody } from './integrity.schemas.js';

interface RunRow {
  shard: number;
  seq: string;
  at: Date;
  at_us: string;
  actor_kind: ActorKind;
  actor_id: string | null;
  actor_label: string | null;
  payload: Partial<VerificationBody> & { where?: 'server' | 'browser' };
}

const SHOWN = 10;

/** What is known of the runs that verified the ledger, from their entries. */
@Injectable()
export class VerificationRuns {
  constructor(
    private readonly searches: SearchPool,
    private readonly ledger: LedgerService,
  ) {}

  /** The last ones, newest first. */
  async last(actor: Actor) {
    // These entries have no room, and few others have none: the index of rooms leads to them. Where
    // the log is large and was never verified, all that is about no room is looked at.
    const { rows } = await this.searches.inTurn(actor, () =>
      this.searches.query<RunRow>(
        'ledger-verification-runs',
        `SELECT shard, seq, at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us,
         actor_kind, actor_id, actor_label, payload
       FROM ledger_entry WHERE room IS NULL AND kind = 'ledger.verified'
         AND payload->>'where' IS DISTINCT FROM 'archive'
       ORDER BY at DESC LIMIT ${SHOWN}`,
      ),
    );
    const isLimited = actor.roomsFor('ledger.read') !== null;
    return rows.map((row) => {
      const { payload } = row;
      const where = payload.where ?? 'server';
      const isOwn = row.actor_id !== null && row.actor_id === actor.id;
      return {
        id: ledgerId({ shard: row.shard, seq: Number(row.seq), atMicros: row.at_us }),
        at: row.at,
        by:
          isLimited && !isOwn ? null : { kind: row.actor_kind, label: row.actor_label ?? 'erased' },
        where,
        what: payload.what ?? 'entries',
        isProved: payload.isProved === true,
        isPinned: where === 'browser' ? payload.isPinned === true : null,
        size: payload.size ?? 0,
        checked: payload.checked ?? 0,
        since: payload.since ?? null,
        ms: payload.ms ?? 0,
        wrong: payload.wrong ?? null,
        problems: payload.problems ?? [],
      };
    });
  }

  /** A browser's claim: the server cannot check it, and the entry says so. */
  async recordClaim(actor: Actor, body: VerificationBody): Promise<{ id: string }> {
    const written = await this.ledger.appendDurably({
      kind: 'ledger.verified',
      outcome: 'ok',
      actor,
      payload: { ...body, where: 'browser', isClaim: true },
    });
    return { id: ledgerId(written) };
  }
}
