import { Injectable } from '@nestjs/common';
import type { Actor } from '../actor/actor.js';
import type { Page } from '../common/http/lists.js';
import { likeOfPattern } from '../database/like-of-pattern.js';
import { PgPool } from '../database/pg-pool.js';
import { readPage } from '../database/read-page.js';
import type { Tx } from '../ledger/transactions.js';
import type { AlarmKind } from './alarm-kinds.js';
import type { AlarmView, ListAlarmsQuery } from './alarms.schemas.js';

/** An alarm that is to be raised. */
export interface NewAlarm {
  readonly kind: AlarmKind;
  /** What it is about: of the same kind and key one stands at a time. */
  readonly key: string;
  readonly room: string | null;
  readonly identity: string | null;
  readonly about: Record<string, unknown>;
}

/** An alarm whose reason is not gone, acknowledged or not. */
export interface StandingAlarm {
  readonly kind: AlarmKind;
  readonly key: string;
  readonly room: string | null;
}

export interface OpenAlarms {
  readonly kind: AlarmKind;
  readonly count: number;
  readonly oldestAt: Date;
}

/** Whom the list is to forget, from before an instant; null: from any time. */
export interface ForgottenPerson {
  readonly of: 'identity' | 'operator';
  readonly id: string;
  readonly before: Date | null;
}

/** A trigger that notices direct changes of policy, or a function of theirs. */
export interface WatchPart {
  readonly name: string;
  readonly isOn: boolean;
  readonly version: string;
}

const STATES = {
  open: 'a.gone_at IS NULL AND a.acknowledged_at IS NULL',
  acknowledged: 'a.acknowledged_at IS NOT NULL',
  gone: 'a.gone_at IS NOT NULL AND a.acknowledged_at IS NULL',
} as const;

const COLUMNS = `a.id, a.kind, a.room, a.identity, a.about, a.times, a.note,
  a.opened_at AS "openedAt", a.seen_at AS "seenAt", a.gone_at AS "goneAt",
  a.acknowledged_at AS "acknowledgedAt", a.acknowledged_by AS "acknowledgedBy",
  CASE WHEN a.acknowledged_at IS NOT NULL THEN 'acknowledged'
    WHEN a.gone_at IS NOT NULL THEN 'gone' ELSE 'open' END AS state`;

/** The table `alarm`. */
/** Of a trigger's definition; names have their schema or not, as the search path says. */
export const TRIGGER_SHA256 = String.raw`encode(sha256(convert_to(
  regexp_replace(pg_get_triggerdef(t.oid), '\mpublic\.|\s+', '', 'g'), 'UTF8')), 'hex')`;

@Injectable()
export class AlarmStore {
  constructor(private readonly pg: PgPool) {}

  /** Answers with those that did not stand before. */
  async raise(tx: Tx, alarms: readonly NewAlarm[]): Promise<{ kind: AlarmKind; key: string }[]> {
    const { rows } = await tx.query<{ kind: AlarmKind; key: string; is_new: boolean }>(
      `INSERT INTO alarm (kind, key, room, identity, about)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[])
       ON CONFLICT (kind, key) WHERE gone_at IS NULL
         DO UPDATE SET times = alarm.times + 1, seen_at = clock_timestamp()
       RETURNING kind, key, xmax = 0 AS is_new`,
      [
        alarms.map(({ kind }) => kind),
        alarms.map(({ key }) => key),
        alarms.map(({ room }) => room),
        alarms.map(({ identity }) => identity),
        alarms.map(({ about }) => JSON.stringify(about)),
      ],
    );
    return rows.filter(({ is_new: isNew }) => isNew);
  }

  /** What they are about is there no longer. */
  async markGone(alarms: readonly StandingAlarm[]): Promise<void> {
    await this.pg.query(
      'alarm-gone',
      `UPDATE alarm a SET gone_at = clock_timestamp()
       FROM unnest($1::text[], $2::text[]) AS g(kind, key)
       WHERE a.kind = g.kind AND a.key = g.key AND a.gone_at IS NULL`,
      [alarms.map(({ kind }) => kind), alarms.map(({ key }) => key)],
    );
  }

  async listStanding(kinds: readonly AlarmKind[]): Promise<StandingAlarm[]> {
    const { rows } = await this.pg.query<StandingAlarm>(
      'alarm-standing',
      'SELECT kind, key, room FROM alarm WHERE gone_at IS NULL AND kind = ANY($1)',
      [kinds],
    );
    return rows;
  }

  /** How many are open; of those rooms only, where there is a limit. */
  async countOpen(rooms: readonly string[] | null = null): Promise<OpenAlarms[]> {
    const { rows } = await this.pg.query<OpenAlarms>(
      'alarm-open',
      `SELECT kind, count(*)::int AS count, min(opened_at) AS "oldestAt" FROM alarm a
       WHERE ${STATES.open} AND ($1::text[] IS NULL OR room LIKE ANY($1))
       GROUP BY kind ORDER BY kind`,
      [rooms?.map(likeOfPattern) ?? null],
    );
    return rows;
  }

  list(actor: Actor, { filter, sort, range }: ListAlarmsQuery): Promise<Page<AlarmView>> {
    return readPage<AlarmView>(this.pg, {
      name: `alarm-list-${filter.state ?? 'all'}`,
      sort,
      columns: COLUMNS,
      from: 'alarm a',
      where: `${filter.state ? STATES[filter.state] : 'true'}
        AND ($1::text[] IS NULL OR a.room LIKE ANY($1))
        AND ($2::text IS NULL OR a.kind = $2)
        AND ($3::text IS NULL OR a.room = $3)
        AND ($4::text IS NULL OR a.identity = $4)
        AND ($5::text[] IS NULL OR a.id::text = ANY($5))`,
      sortColumns: { openedAt: 'a.opened_at', seenAt: 'a.seen_at', kind: 'a.kind' },
      key: 'a.id',
      values: [
        actor.roomsFor('ledger.read')?.map(likeOfPattern) ?? null,
        filter.kind ?? null,
        filter.room ?? null,
        filter.identity ?? null,
        filter.id ?? null,
      ],
      range,
    });
  }

  /** Those of the alarms that are open, and in these rooms; null: in any, or in none. */
  async acknowledge(
    tx: Tx,
    ids: readonly string[],
    by: Actor,
    { rooms, note, done }: { rooms: string[] | null; note: string; done: readonly AlarmKind[] },
  ): Promise<{ id: string; kind: AlarmKind; room: string | null; identity: string | null }[]> {
    const { rows } = await tx.query<{
      id: string;
      kind: AlarmKind;
      room: string | null;
      identity: string | null;
    }>(
      `UPDATE alarm a SET acknowledged_at = clock_timestamp(), acknowledged_by_kind = $2,
         acknowledged_by_id = $3, acknowledged_by = $4, note = $5,
         gone_at = CASE WHEN kind = ANY($7) THEN clock_timestamp() END
       WHERE id = ANY($1::uuid[]) AND ${STATES.open}
         AND ($6::text[] IS NULL OR room LIKE ANY($6))
       RETURNING id, kind, room, identity`,
      [ids, by.kind, by.id, by.label, note, rooms?.map(likeOfPattern) ?? null, done],
    );
    return rows;
  }

  async forget({ of, id, before }: ForgottenPerson): Promise<void> {
    await this.pg.query(
      `alarm-forget-${of}`,
      of === 'identity'
        ? `UPDATE alarm SET identity = NULL, note = NULL
           WHERE identity = $1 AND ($2::timestamptz IS NULL OR opened_at < $2)`
        : `UPDATE alarm SET acknowledged_by_id = NULL, acknowledged_by = '', note = NULL
           WHERE acknowledged_by_kind = 'operator' AND acknowledged_by_id = $1
             AND ($2::timestamptz IS NULL OR acknowledged_at < $2)`,
      [id, before],
    );
  }

  /**
   * Those of the triggers and functions that there are, with a mark that every change of one changes.
   * `bodies`: SHA-256 of what the functions among them should be; `triggers`: of the definitions of
   * the triggers, with table, function and condition.
   */
  async readWatch(
    names: readonly string[],
    bodies: Readonly<Record<string, string>>,
    triggers: Readonly<Record<string, string>>,
  ): Promise<WatchPart[]> {
    const { rows } = await this.pg.query<WatchPart & object>(
      'alarm-watch',
      `SELECT t.tgname AS name, concat(t.oid, ' ', t.xmin) AS version,
         (t.tgenabled = 'A' OR (t.tgenabled = 'O'
           AND current_setting('session_replication_role') <> 'replica'))
         AND run.pronamespace = 'public'::regnamespace AND $2::jsonb ? run.proname::text
         AND coalesce(${TRIGGER_SHA256} = $3::jsonb->>t.tgname::text, false) AS "isOn"
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc run ON run.oid = t.tgfoid
       WHERE t.tgname = ANY($1) AND c.relnamespace = 'public'::regnamespace
       UNION ALL
       SELECT p.proname, concat(p.oid, ' ', p.xmin),
         encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex') = $2::jsonb->>p.proname::text
       FROM pg_proc p
       WHERE p.proname = ANY($1) AND p.pronamespace = 'public'::regnamespace`,
      [names, JSON.stringify(bodies), JSON.stringify(triggers)],
    );
    return rows;
  }
}
