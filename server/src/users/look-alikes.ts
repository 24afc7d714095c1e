import { Injectable } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { PgPool } from '../database/pg-pool.js';
import { collated } from '../database/text-search.js';
import { looksOf } from './looks.js';

export interface LookAlike {
  id: string;
  identity: string;
  name: string;
}

const BATCH = 1_000;
/** Users that one question may still prepare; what is left is done each hour. */
const MAX_PREPARED = 10_000;
const MAX_SHOWN = 10;

/** Users whose identity may be taken for another one. It is a warning: identities stay as they are. */
@Injectable()
export class LookAlikes {
  constructor(
    private readonly pg: PgPool,
    housekeeping: Housekeeping,
  ) {
    housekeeping.add(() => this.prepare(Infinity));
  }

  async find(identity: string): Promise<LookAlike[]> {
    await this.prepare(MAX_PREPARED);
    const { rows } = await this.pg.query<LookAlike>(
      'user-look-alikes',
      `SELECT id, identity, name FROM app_user
       WHERE looks_like && $1::text[] AND identity <> $2 AND deleted_at IS NULL
       ORDER BY ${collated('identity')}, id LIMIT ${MAX_SHOWN}`,
      [looksOf(identity), identity],
    );
    return rows;
  }

  /** Users that were added before there was this, or straight into the table. */
  private async prepare(limit: number): Promise<void> {
    for (let done = 0; done < limit; done += BATCH) {
      const { rows } = await this.pg.query<{ id: string; identity: string }>(
        'user-looks-unknown',
        `SELECT id, identity FROM app_user WHERE looks_like IS NULL LIMIT ${BATCH}`,
      );
      if (rows.length === 0) return;
      const looks = rows.map((row) => looksOf(row.identity));
      await this.pg.query(
        'user-looks-set',
        `UPDATE app_user u SET looks_like = ARRAY[l.written, l.folded]
         FROM unnest($1::uuid[], $2::text[], $3::text[]) AS l(id, written, folded)
         WHERE u.id = l.id AND u.looks_like IS NULL`,
        [
          rows.map(({ id }) => id),
          looks.map(([written]) => written),
          looks.map(([, fold]) => fold),
        ],
      );
    }
  }
}
