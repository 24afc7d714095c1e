import { Injectable } from '@nestjs/common';
import { ownerDataSource } from '../../database/data-source.js';
import { PgPool } from '../../database/pg-pool.js';

/** Rows that one statement deletes, so that no lock is held for long. */
const BATCH = 5_000;

/**
 * What strangers brought to rooms that were deleted since. The application's role has no right on the
 * table: whoever could delete there could give a stranger back what a role had given.
 */
@Injectable()
export class DeletedRoomStore {
  constructor(private readonly pg: PgPool) {}

  /** Deletes what is older than a month. */
  async expire(): Promise<void> {
    for (let deleted = BATCH; deleted >= BATCH;) {
      const { rows } = await this.pg.query<{ deleted: number }>(
        'expiry-seat-brought',
        'SELECT seat_brought_expire($1) AS deleted',
        [BATCH],
      );
      deleted = rows[0]?.deleted ?? 0;
    }
  }

  /** Needs the owner of the tables. */
  async forget(ownerUrl: string, identity: string, before: Date | null): Promise<void> {
    const dataSource = await (await ownerDataSource(ownerUrl)).initialize();
    try {
      await dataSource.query(
        `DELETE FROM seat_brought
         WHERE identity = $1 AND ($2::timestamptz IS NULL OR kept_at < $2)`,
        [identity, before],
      );
    } finally {
      await dataSource.destroy();
    }
  }
}
