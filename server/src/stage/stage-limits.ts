import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import type { ActiveScene } from '../grants/policy.js';
import { RoleHolders } from '../policy/role-holders.js';
import type { RoleClaim, SeatRule } from '../seats/public/policy.js';

/** How many may have a role in a room at a time, and how many do. */
export interface StageLimit {
  readonly template: string;
  readonly slots: number;
  readonly taken: number;
  readonly free: number;
}

/** For looking at, never for deciding: so that a room full of people asking costs one count. */
const MAX_AGE_MS = 500;
const MAX_KEPT = 500;

/**
 * "At most six speakers": bounds every way to an override. The limit's row is locked before the
 * count, and other promotions wait for it, so no two take the last place.
 */
@Injectable()
export class StageLimits implements SeatRule {
  private readonly recent = new Map<string, { at: number; answer: Promise<StageLimit[]> }>();

  constructor(
    private readonly pg: PgPool,
    private readonly holders: RoleHolders,
  ) {}

  /** Their own seat does not count: who has a slot may have it again. */
  async assertMayHave(tx: Tx, { room, identity, template }: RoleClaim): Promise<void> {
    const { rows } = await tx.query<{ slots: number }>(
      'SELECT slots FROM stage_limit WHERE room = $1 AND template = $2 FOR UPDATE',
      [room, template],
    );
    const limit = rows[0];
    if (!limit) return;
    const taken = await this.holders.countOthers(tx, room, template, identity);
    if (taken >= limit.slots) throw stageFull(template, limit.slots, taken);
  }

  async mayRefuse(room: string, template: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'stage-limit-is-set',
      'SELECT 1 FROM stage_limit WHERE room = $1 AND template = $2',
      [room, template],
    );
    return rowCount === 1;
  }

  /** A scene makes no more of them than there are places for. */
  async assertMayPlay(tx: Tx, room: string, scene: ActiveScene): Promise<void> {
    const given = scene.rules.flatMap(({ from, to }) => (to === null || to === from ? [] : [to]));
    if (given.length === 0) return;
    const { rows: limits } = await tx.query<{ template: string; slots: number }>(
      `SELECT template, slots FROM stage_limit WHERE room = $1 AND template = ANY($2)
       ORDER BY template FOR UPDATE`,
      [room, given],
    );
    if (limits.length === 0) return;
    const counts = await this.holders.countInScene(tx, room, scene);
    for (const { template, slots } of limits) {
      const taken = counts.get(template) ?? 0;
      if (taken > slots) throw stageFull(template, slots, taken);
    }
  }

  /** All limits of a room, as they are now. */
  async list(room: string): Promise<StageLimit[]> {
    const { rows } = await this.pg.query<{ template: string; slots: number }>(
      'stage-limits',
      'SELECT template, slots FROM stage_limit WHERE room = $1 ORDER BY template',
      [room],
    );
    if (rows.length === 0) return [];
    const counts = await this.holders.count(
      room,
      rows.map(({ template }) => template),
    );
    return rows.map(({ template, slots }) => {
      const taken = counts.get(template) ?? 0;
      return { template, slots, taken, free: Math.max(0, slots - taken) };
    });
  }

  /** The same, perhaps half a second old. */
  listRecent(room: string): Promise<StageLimit[]> {
    const now = performance.now();
    const known = this.recent.get(room);
    if (known && now - known.at < MAX_AGE_MS) return known.answer;
    if (this.recent.size > MAX_KEPT) this.recent.clear();
    const answer = this.list(room);
    this.recent.set(room, { at: now, answer });
    answer.catch(() => this.recent.delete(room));
    return answer;
  }

  async set(tx: Tx, room: string, template: string, slots: number | null): Promise<number | null> {
    const { rows } = await tx.query<{ slots: number }>(
      'SELECT slots FROM stage_limit WHERE room = $1 AND template = $2 FOR UPDATE',
      [room, template],
    );
    if (slots === null) {
      await tx.query('DELETE FROM stage_limit WHERE room = $1 AND template = $2', [room, template]);
    } else {
      await tx.query(
        `INSERT INTO stage_limit (room, template, slots) VALUES ($1, $2, $3)
         ON CONFLICT (room, template) DO UPDATE SET slots = EXCLUDED.slots`,
        [room, template, slots],
      );
    }
    this.recent.delete(room);
    return rows[0]?.slots ?? null;
  }
}

function stageFull(template: string, slots: number, taken: number): AppError {
  const text =
    slots === 0
      ? `Nobody may be ${template} in this room.`
      : taken > slots
        ? `This would make ${taken} people ${template}, and there are places for ${slots}.`
        : slots === 1
          ? `The only place for ${template} is taken.`
          : `All ${slots} places for ${template} are taken.`;
  return new AppError('conflict', 'stage.full', text, { extra: { template, slots, taken } });
}
