import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import type { ActiveScene } from '../grants/policy.js';
import { resolve } from '../grants/resolve.js';
import type { Tx } from '../ledger/transactions.js';
import { PolicyReader } from './policy-reader.js';

interface HolderRow {
  template: string;
  identity: string;
  is_override: boolean;
}

const IS_FREE = `s.is_present AND (s.override_template IS NULL OR s.override_until <= now())`;
const REACHES = `(a.valid_until IS NULL OR a.valid_until > now()) AND (a.room_name = $1
  OR $1 LIKE a.room_like OR (a.room_name IS NULL AND a.room_pattern IS NULL))`;

/**
 * Who takes a place ($1 room, $2 templates): everyone with an override to the template, present or
 * not, since they come back to it; but nobody who is blocked for good. And of those without an
 * override who are present, everyone who may have the template by a rule; `resolve` says who does.
 */
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

/** Counts the people who take a place in a role, for limits on how many may have it. */
@Injectable()
export class RoleHolders {
  constructor(
    private readonly pg: PgPool,
    private readonly policy: PolicyReader,
  ) {}

  /** Template → how many have it. */
  async count(room: string, templates: readonly string[]): Promise<Map<string, number>> {
    const { rows } = await this.pg.query<HolderRow>('role-holders', HOLDERS, [room, templates]);
    return this.countOf(room, rows);
  }

  /** How many others than `identity` have the template, as the transaction sees it. */
  async countOthers(tx: Tx, room: string, template: string, identity: string): Promise<number> {
    const { rows } = await tx.query<HolderRow>(HOLDERS, [room, [template]]);
    const others = rows.filter((holder) => holder.identity !== identity);
    return (await this.countOf(room, others)).get(template) ?? 0;
  }

  /** Template → how many would have it in the scene. */
  async countInScene(tx: Tx, room: string, scene: ActiveScene): Promise<Map<string, number>> {
    const { rows: seats } = await tx.query<{ identity: string }>(
      `SELECT identity FROM seat WHERE room = $1
         AND (is_present OR (override_template IS NOT NULL
           AND (override_until IS NULL OR override_until > now())))`,
      [room],
    );
    const roles = await Promise.all(
      seats.map(({ identity }) => this.roleIn(room, identity, scene)),
    );
    const counts = new Map<string, number>();
    for (const role of roles) if (role !== null) counts.set(role, (counts.get(role) ?? 0) + 1);
    return counts;
  }

  private async countOf(room: string, holders: readonly HolderRow[]): Promise<Map<string, number>> {
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
