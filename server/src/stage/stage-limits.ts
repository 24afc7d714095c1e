import { Injectable } from '@nestjs/common';
import { AppError } from '../common/errors/app-error.js';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import type { ActiveScene } from '../grants/policy.js';
import { resolve } from '../grants/resolve.js';
import { PolicyReader } from '../policy/policy-reader.js';
import type { RoleClaim, SeatRule } from '../seats/model/extensions.js';

/** How many may have a role in a room at a time, and how many do. */
export interface StageLimit {
  readonly template: string;
  readonly slots: number;
  readonly taken: number;
  readonly free: number;
}

interface HolderRow {
  template: string;
  identity: string;
  is_override: boolean;
}

/** For looking at, never for deciding: so that a room full of people asking costs one count. */
const MAX_AGE_MS = 500;
const MAX_KEPT = 500;

/**
 * Who takes a slot ($2: templates): whoever's override is to the template, there or not, since they
 * come back to it; but not who is blocked for good. And of those without an override who are there,
 * everybody who may have the template by a rule; which of them do, policy says.
 */
const IS_FREE = `s.is_present AND (s.override_template IS NULL OR s.override_until <= now())`;
const REACHES = `(a.valid_until IS NULL OR a.valid_until > now()) AND (a.room_name = $1
  OR $1 LIKE a.room_like OR (a.room_name IS NULL AND a.room_pattern IS NULL))`;
const HOLDERS = `
  SELECT t.key AS template, s.identity, true AS is_override
  FROM unnest($2::text[]) AS t(key) JOIN seat s ON s.room = $1 AND s.override_template = t.key
  WHERE (s.override_until IS NULL OR s.override_until > now())
    AND NOT (s.block_at IS NOT NULL AND s.block_until IS NULL)
  UNION
  SELECT t.key, s.identity, false
  FROM unnest($2::text[]) AS t(key) JOIN room r ON r.name = $1 AND (r.default_template = t.key
    OR r.active_scene->'rules' @> jsonb_build_array(jsonb_build_object('to', t.key))
    OR EXISTS (SELECT FROM assignment a
      WHERE a.template = t.key AND a.user_id IS NULL AND ${REACHES}))
  JOIN seat s ON s.room = $1 AND ${IS_FREE}
  UNION
  SELECT a.template, s.identity, false
  FROM assignment a JOIN app_user u ON u.id = a.user_id
  JOIN seat s ON s.room = $1 AND s.identity = u.identity AND ${IS_FREE}
  WHERE a.template = ANY($2) AND ${REACHES}`;

/**
 * "At most six speakers": bounds every way to an override. The limit's row is locked before the
 * count, and whoever else would take a slot waits for it, so no two take the last one.
 */
@Injectable()
export class StageLimits implements SeatRule {
  private readonly recent = new Map<string, { at: number; answer: Promise<StageLimit[]> }>();

  constructor(
    private readonly pg: PgPool,
    private readonly policy: PolicyReader,
  ) {}

  /** Their own seat does not count: who has a slot may have it again. */
  async assertMayHold(tx: Tx, { room, identity, template }: RoleClaim): Promise<void> {
    const { rows } = await tx.query<{ slots: number }>(
      'SELECT slots FROM stage_limit WHERE room = $1 AND template = $2 FOR UPDATE',
      [room, template],
    );
    const limit = rows[0];
    if (!limit) return;
    const { rows: holders } = await tx.query<HolderRow>(HOLDERS, [room, [template]]);
    const others = holders.filter((holder) => holder.identity !== identity);
    const taken = (await this.count(room, others)).get(template) ?? 0;
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
    const { rows: seats } = await tx.query<{ identity: string }>(
      `SELECT identity FROM seat WHERE room = $1
         AND (is_present OR (override_template IS NOT NULL
           AND (override_until IS NULL OR override_until > now())))`,
      [room],
    );
    const roles = await Promise.all(
      seats.map(({ identity }) => this.roleIn(room, identity, scene)),
    );
    for (const { template, slots } of limits) {
      const taken = roles.filter((role) => role === template).length;
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
    const { rows: holders } = await this.pg.query<HolderRow>('stage-holders', HOLDERS, [
      room,
      rows.map(({ template }) => template),
    ]);
    const counts = await this.count(room, holders);
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

  /** Template → how many of `holders` have it. */
  private async count(room: string, holders: readonly HolderRow[]): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    await Promise.all(
      holders.map(async ({ template, identity, is_override: isOverride }) => {
        if (!isOverride && !(await this.isHeldByRule(room, identity, template))) return;
        counts.set(template, (counts.get(template) ?? 0) + 1);
      }),
    );
    return counts;
  }

  private async roleIn(room: string, identity: string, scene: ActiveScene): Promise<string | null> {
    const { input, now } = await this.policy.read({ room, identity });
    if (!input) return null;
    const decision = resolve({ ...input, room: { ...input.room, scene } }, now);
    return decision.verdict === 'allow' ? decision.template : null;
  }

  private async isHeldByRule(room: string, identity: string, template: string): Promise<boolean> {
    const { decision } = await this.policy.decide({ room, identity });
    return decision?.verdict === 'allow' && decision.template === template;
  }
}

export function stageFull(template: string, slots: number, taken: number): AppError {
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
