import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import type { Profile } from '../livekit/profile.js';

/** What a connection was like when it was seen first; a room has the identity ''. */
export interface Baseline {
  readonly room: string;
  readonly identity: string;
  readonly sid: string;
  readonly profile: Profile;
}

/** The table `livekit_baseline`: one row for each seat and room that was seen. */
@Injectable()
export class BaselineStore {
  constructor(private readonly pg: PgPool) {}

  async read(of: readonly Omit<Baseline, 'profile'>[]): Promise<Baseline[]> {
    const { rows } = await this.pg.query<Baseline & object>(
      'baseline-read',
      `SELECT b.room, b.identity, b.sid, b.digests AS profile
       FROM unnest($1::text[], $2::text[], $3::text[]) AS q(room, identity, sid)
       JOIN livekit_baseline b ON b.room = q.room AND b.identity = q.identity AND b.sid = q.sid`,
      [of.map(({ room }) => room), of.map(({ identity }) => identity), of.map(({ sid }) => sid)],
    );
    return rows;
  }

  /** `isFirst`: what is known of the same connection already stays. */
  async write(baselines: readonly Baseline[], isFirst: boolean): Promise<void> {
    const newest = new Map(baselines.map((one) => [JSON.stringify([one.room, one.identity]), one]));
    const rows = [...newest.values()];
    await this.pg.query(
      isFirst ? 'baseline-first' : 'baseline-write',
      `INSERT INTO livekit_baseline AS b (room, identity, sid, digests)
       SELECT q.room, q.identity, q.sid, q.digests
       FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[]) AS q(room, identity, sid, digests)
       ORDER BY q.room, q.identity
       ON CONFLICT (room, identity) DO UPDATE
         SET sid = EXCLUDED.sid, digests = EXCLUDED.digests, seen_at = clock_timestamp()
         ${isFirst ? 'WHERE b.sid <> EXCLUDED.sid' : ''}`,
      [
        rows.map(({ room }) => room),
        rows.map(({ identity }) => identity),
        rows.map(({ sid }) => sid),
        rows.map(({ profile }) => JSON.stringify(profile)),
      ],
    );
  }
}
