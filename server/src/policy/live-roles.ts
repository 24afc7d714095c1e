import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { PolicyReader } from './policy-reader.js';

/** Answers may be this old: they are for looking at, never for deciding. */
const MAX_AGE_MS = 3_000;
/** More people than this are counted in part; the answer says so. */
const MAX_SEATS = 20_000;

export interface LiveRoles {
  /** Template → room → people who are in the room with it now. */
  byTemplate: Map<string, Map<string, number>>;
  isPartial: boolean;
}

/** Who holds which role at this moment, whatever rule gives it: by the same `resolve` as everything. */
@Injectable()
export class LiveRolesReader {
  private last: { at: number; answer: Promise<LiveRoles> } | null = null;

  constructor(
    private readonly pg: PgPool,
    private readonly policy: PolicyReader,
  ) {}

  read(): Promise<LiveRoles> {
    const now = performance.now();
    if (!this.last || now - this.last.at > MAX_AGE_MS) {
      const answer = this.count();
      this.last = { at: now, answer };
      answer.catch(() => (this.last = null));
    }
    return this.last.answer;
  }

  private async count(): Promise<LiveRoles> {
    const { rows } = await this.pg.query<{ room: string; identity: string }>(
      'live-roles',
      'SELECT room, identity FROM seat WHERE is_present LIMIT $1',
      [MAX_SEATS],
    );
    const byTemplate: LiveRoles['byTemplate'] = new Map();
    await Promise.all(
      rows.map(async (seat) => {
        const { decision } = await this.policy.decide(seat);
        if (decision?.verdict !== 'allow') return;
        const rooms = byTemplate.get(decision.template) ?? new Map<string, number>();
        rooms.set(seat.room, (rooms.get(seat.room) ?? 0) + 1);
        byTemplate.set(decision.template, rooms);
      }),
    );
    return { byTemplate, isPartial: rows.length === MAX_SEATS };
  }
}
