import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { ledgerId } from './ledger-entry.js';

/** A connect with a token, as a gate saw it. */
export interface TokenUse {
  readonly id: string;
  readonly at: Date;
  readonly outcome: string;
  readonly ip: string | null;
}

export interface TokenUsed {
  readonly jti: string;
  readonly room: string;
  readonly identity: string;
  readonly issuedAt: Date;
}

const TIMEOUT_MS = 3_000;

/** Finds connects with a token, or with one that LiveKit refreshed from it. */
@Injectable()
export class TokenUses {
  constructor(private readonly pg: PgPool) {}

  /** Newest first. */
  async of({ jti, room, identity, issuedAt }: TokenUsed, limit: number): Promise<TokenUse[]> {
    const { rows } = await this.pg.query<{
      at: Date;
      at_us: string;
      shard: number;
      seq: string;
      outcome: string;
      ip: string | null;
    }>(
      'ledger-token-uses',
      `SELECT at, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us, shard, seq, outcome, ip
       FROM ledger_entry
       WHERE identity = $1 AND room = $2 AND at >= $3::timestamptz - interval '2 seconds'
         AND kind IN ('gate.admitted', 'gate.refused')
         AND (strpos(payload::text, $4) > 0 OR strpos(payload::text, $5) > 0)
       ORDER BY at DESC, shard DESC, seq DESC LIMIT $6`,
      [identity, room, issuedAt, `"issuedJti":"${jti}"`, `"jti":"${jti}"`, limit],
      TIMEOUT_MS,
    );
    return rows.map(({ at, at_us: atMicros, shard, seq, outcome, ip }) => ({
      id: ledgerId({ atMicros, shard, seq: Number(seq) }),
      at,
      outcome,
      ip,
    }));
  }
}
