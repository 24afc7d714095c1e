import { Injectable } from '@nestjs/common';
import { Batcher } from '../common/batcher.js';
import { PgPool } from '../database/pg-pool.js';

interface SeatKey {
  room: string;
  identity: string;
}

/**
 * Remembers for which seats a token was ever issued: whoever comes without one is unlisted. Written
 * once for a seat, before its first token leaves, so that nobody is taken for unlisted by a crash.
 */
@Injectable()
export class IssuedSeats {
  private readonly batcher: Batcher<SeatKey, void>;

  constructor(private readonly pg: PgPool) {
    this.batcher = new Batcher((keys) => this.write(keys));
  }

  note(room: string, identity: string): Promise<void> {
    return this.batcher.load({ room, identity });
  }

  private async write(keys: SeatKey[]): Promise<void[]> {
    await this.pg.query(
      'seat-note-issued',
      `INSERT INTO seat (room, identity, last_issued_at)
       SELECT DISTINCT room, identity, now() FROM unnest($1::text[], $2::text[]) AS q(room, identity)
       ORDER BY room, identity
       ON CONFLICT (room, identity) DO UPDATE SET last_issued_at = now(), is_unlisted = false
         WHERE seat.last_issued_at IS NULL`,
      [keys.map((k) => k.room), keys.map((k) => k.identity)],
    );
    return keys.map(() => undefined);
  }
}
