import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { SearchPool } from '../../database/search-pool.js';
import { TreeStore } from '../sealing/tree-store.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import { KEPT_FOR_EVER, kindsOf, type PreviewBody, previewResponse } from './retention.schemas.js';
import { RulesService } from './rules.service.js';
import type { z } from 'zod';

export type Preview = z.infer<typeof previewResponse>;

/** The rule that is tried, which has no id yet. */
const TRIED = '00000000-0000-0000-0000-000000000000';
const LEAVES_AT_ONCE = 32_768;
const LONGEST_MS = 8_000;
const ROOMS_SHOWN = 50;

/** As `ledger_due` has it, with the rules of $3. */
const DUE = `
  WITH rules AS MATERIALIZED (
    SELECT id, kinds, rooms, rolecall_like_of_pattern(rooms) AS rooms_like, "keepDays" AS keep_days
    FROM jsonb_to_recordset($3) AS l(id uuid, kinds text[], rooms text, "keepDays" integer))
  SELECT d.id AS rule, e.room, count(*) AS entries, min(e.at) AS "from", max(e.at) AS "to",
    count(ledger_hold_of(e.entry, clock_timestamp() - interval '1 day')) AS held
  FROM ledger_range r
  CROSS JOIN LATERAL (
    SELECT s.seq, s.at, s.kind, s.room, s AS entry FROM ledger_entry s
    WHERE s.shard = r.shard AND s.seq >= r.first_seq AND s.seq < r.first_seq + r.count
      AND s.at >= r.first_at AND s.at <= r.last_at OFFSET 0) e
  CROSS JOIN LATERAL (
    SELECT l.id, l.keep_days FROM rules l
    WHERE (l.kinds IS NULL OR e.kind = ANY (l.kinds)) AND (l.rooms IS NULL OR e.room LIKE l.rooms_like)
    ORDER BY l.keep_days DESC, l.id LIMIT 1) d
  WHERE r.first_index >= $1 AND r.first_index < $2 AND e.kind <> ALL ($4)
    AND e.at < clock_timestamp() - d.keep_days * interval '1 day'
    AND (e.kind <> 'token.issued' OR coalesce((e.entry).payload->>'expiresAt', '') COLLATE "C"
      < to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'))
  GROUP BY d.id, e.room`;

interface DueRow {
  rule: string;
  room: string | null;
  entries: string;
  from: Date;
  to: Date;
  held: string;
}

/** What would go now, before anything does: by the rules in force, or with one that is tried. */
@Injectable()
export class DuePreview {
  constructor(
    private readonly searches: SearchPool,
    private readonly rules: RulesService,
    private readonly tree: TreeStore,
  ) {}

  preview(actor: Actor, body: PreviewBody, longestMs = LONGEST_MS): Promise<Preview> {
    return this.searches.inTurn(actor, () => this.count(body, longestMs));
  }

  private async count({ rule, instead }: PreviewBody, longestMs: number): Promise<Preview> {
    const rules = await this.rules.list();
    if (instead !== undefined && !rules.some(({ id }) => id === instead)) {
      throw new AppError('not_found', 'ledger.rule_not_found', 'There is no such rule.');
    }
    const all = [
      ...rules.filter(({ id }) => id !== instead),
      ...(rule
        ? [{ id: TRIED, kinds: kindsOf(rule), rooms: rule.rooms ?? null, keepDays: rule.keepDays }]
        : []),
    ].map(({ id, kinds, rooms, keepDays }) => ({ id, kinds, rooms, keepDays }));
    const sums = new Sums();
    if (all.length === 0) return sums.view(null);
    const sealed = (await this.tree.newest())?.size ?? 0;
    const size = sealed - (sealed % TILE_WIDTH);
    const until = performance.now() + longestMs;
    for (let first = 0; first < size; first += LEAVES_AT_ONCE) {
      if (performance.now() > until) return sums.view(await this.timeOf(first));
      const { rows } = await this.searches.query<DueRow>('ledger-due', DUE, [
        first,
        Math.min(size, first + LEAVES_AT_ONCE),
        JSON.stringify(all),
        KEPT_FOR_EVER,
      ]);
      for (const row of rows) sums.add(row);
    }
    return sums.view(null);
  }

  private async timeOf(leaf: number): Promise<Date> {
    const { rows } = await this.searches.query<{ at: Date }>(
      'ledger-due-time',
      'SELECT first_at AS at FROM ledger_range WHERE first_index >= $1 ORDER BY first_index LIMIT 1',
      [leaf],
    );
    return rows[0]?.at ?? new Date();
  }
}

class Sums {
  private readonly rooms = new Map<string | null, number>();
  private readonly rules = new Map<string, number>();
  private held = 0;
  private from: Date | null = null;
  private to: Date | null = null;

  add(row: DueRow): void {
    const held = Number(row.held);
    const entries = Number(row.entries) - held;
    this.held += held;
    if (entries === 0) return;
    this.rooms.set(row.room, (this.rooms.get(row.room) ?? 0) + entries);
    this.rules.set(row.rule, (this.rules.get(row.rule) ?? 0) + entries);
    if (this.from === null || row.from < this.from) this.from = row.from;
    if (this.to === null || row.to > this.to) this.to = row.to;
  }

  /** `countedUntil`: null when everything was. */
  view(countedUntil: Date | null): Preview {
    const rooms = [...this.rooms].sort((a, b) => b[1] - a[1]);
    return {
      entries: rooms.reduce((sum, [, entries]) => sum + entries, 0),
      from: this.from,
      to: this.to,
      rooms: rooms.slice(0, ROOMS_SHOWN).map(([room, entries]) => ({ room, entries })),
      moreRooms: Math.max(0, rooms.length - ROOMS_SHOWN),
      rules: [...this.rules].map(([rule, entries]) => ({
        rule: rule === TRIED ? null : rule,
        entries,
      })),
      held: this.held,
      isComplete: countedUntil === null,
      countedUntil,
    };
  }
}
