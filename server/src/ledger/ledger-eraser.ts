import { Injectable } from '@nestjs/common';
import type { QueryRunner } from 'typeorm';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { ownerDataSource } from '../database/data-source.js';
import { LEDGER_KINDS, type LedgerKindDeclaration } from './ledger-kinds.js';
import { LedgerService } from './ledger.service.js';

export interface Erasure {
  /** Whose parts go: a participant by identity, or an operator by id. */
  readonly of: 'identity' | 'operator';
  readonly id: string;
  /** Entries from before this instant only; null: all of them. */
  readonly before: Date | null;
}

/** How many entries were changed, and how many parts of each sort went. */
export interface ErasedCounts {
  readonly entries: number;
  readonly actors: number;
  readonly subjects: number;
}

export interface Erased extends ErasedCounts {
  /** What the person was called by, for what is kept of them beside the ledger. */
  readonly names: readonly string[];
}

const INSUFFICIENT_PRIVILEGE = '42501';

/**
 * $3 kinds that keep what somebody looked for, $4 the person's names as a pattern. Such a part speaks
 * of who is named in it, besides who looked. Postgres cannot read every text with an escape.
 */
const NAMED_IN_SEARCH = String.raw`
  CASE WHEN kind = ANY($3) AND personal IS NOT NULL THEN
    CASE WHEN strpos(personal::text, '\u') > 0 THEN personal::text ~* $4
    ELSE EXISTS (SELECT FROM jsonb_path_query(personal::jsonb, 'strict $.**') AS value
      WHERE jsonb_typeof(value) = 'string' AND value #>> '{}' ~* $4) END
  ELSE false END`;

/** $1 the identity. The address that the gate saw is theirs as well. */
const OF_IDENTITY = `
  (actor_kind IN ('participant', 'user') AND actor_id = $1)
    OR (actor_kind = 'system' AND ip IS NOT NULL AND identity = $1) AS of_actor,
  identity = $1
    OR (kind = 'token.issued' AND payload->>'source' = 'peek' AND personal->>'peeksAt' = $1)
    OR ${NAMED_IN_SEARCH}
    AS of_subject`;

/** $1 the id of the operator, $5 and $6 kinds that speak of an operator, or of who acts. */
const OF_OPERATOR = `
  actor_kind = 'operator' AND actor_id = $1 AS of_actor,
  (kind = ANY($5) AND personal->>'operator' = $1)
    OR (kind = ANY($6) AND identity IS NULL AND personal IS NOT NULL
      AND actor_kind = 'operator' AND actor_id = $1)
    OR ${NAMED_IN_SEARCH}
    AS of_subject`;

/**
 * Takes a person out of the ledger. Each part goes whole, and its commitment takes its place: leaf
 * hashes still hold. A trigger refuses every other change, also to the owner.
 */
@Injectable()
export class LedgerEraser {
  constructor(private readonly ledger: LedgerService) {}

  /** Needs the owner of the tables. What was erased is gone from the table when this returns. */
  async erase(ownerUrl: string, actor: Actor, erasure: Erasure): Promise<Erased> {
    const dataSource = await (await ownerDataSource(ownerUrl)).initialize();
    const runner = dataSource.createQueryRunner();
    try {
      await runner.startTransaction();
      const names = await this.namesOf(runner, erasure);
      await this.refuseHeld(runner, erasure, names);
      const counts = await this.replaceParts(runner, erasure, names);
      if (erasure.of === 'operator') await this.forgetReviewer(runner, erasure);
      // Their files may have what was erased here.
      if (counts.entries > 0) {
        await runner.query(
          'UPDATE ledger_archive SET is_abandoned = true WHERE forgotten_at IS NULL',
        );
      }
      const isNamedBeside = await this.forgetHolder(runner, erasure);
      if (counts.entries > 0 || isNamedBeside) await this.record(runner, actor, erasure, counts);
      await runner.commitTransaction();
      // Until then, Postgres keeps the rows as they were, and the index their identities.
      if (counts.entries > 0) await runner.query('VACUUM (INDEX_CLEANUP ON) ledger_entry');
      return { ...counts, names };
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      throw isRefused(error) ? needsOwner() : error;
    } finally {
      await runner.release();
      await dataSource.destroy();
    }
  }

  /** Nobody is erased who is held, or of whom an entry is: nothing of what is asked for is done then. */
  private async refuseHeld(
    runner: QueryRunner,
    { of, id, before }: Erasure,
    names: readonly string[],
  ): Promise<void> {
    await runner.query('LOCK TABLE ledger_hold IN SHARE MODE'); // a hold that comes now waits
    const rows = (await runner.query(
      `SELECT id FROM ledger_hold
       WHERE lifted_at IS NULL AND held = '${of === 'identity' ? 'person' : 'operator'}' AND name = $1
         AND ($2::timestamptz IS NULL OR from_at IS NULL OR from_at < $2)
       UNION SELECT ledger_hold_of(c.entry, 'infinity') FROM (
         SELECT e AS entry, actor_commitment, subject_commitment,
           ${of === 'identity' ? OF_IDENTITY : OF_OPERATOR}
         FROM ledger_entry e
         WHERE ($2::timestamptz IS NULL OR at < $2)
           AND EXISTS (SELECT FROM ledger_hold WHERE lifted_at IS NULL)) c
       WHERE (c.of_actor AND c.actor_commitment IS NULL OR c.of_subject AND c.subject_commitment IS NULL)
         AND ledger_hold_of(c.entry, 'infinity') IS NOT NULL`,
      [id, before, ...whatSpeaks(of, names)],
    )) as { id: string }[];
    if (rows.length === 0) return;
    const holds = rows.map((row) => row.id);
    throw new AppError(
      'conflict',
      'ledger.held',
      `A legal hold keeps this from being erased, until it is lifted: ${holds.join(', ')}.`,
      { extra: { holds } },
    );
  }

  /** Rules and holds are rows beside their entries, and name who they are about and who set them. */
  private async forgetHolder(runner: QueryRunner, { of, id, before }: Erasure): Promise<boolean> {
    const held = of === 'identity' ? 'person' : 'operator';
    let [, changed] = (await runner.query(
      `UPDATE ledger_hold SET name = NULL, label = NULL, reason = '', lift_reason = NULL
       WHERE held = $3 AND name = $1 AND lifted_at IS NOT NULL
         AND ($2::timestamptz IS NULL OR lifted_at < $2)`,
      [id, before, held],
    )) as [unknown, number];
    if (of !== 'operator') return changed > 0;
    for (const [table, idColumn, label, at] of [
      ['ledger_hold', 'placed_by_id', 'placed_by', 'placed_at'],
      ['ledger_hold', 'lifted_by_id', 'lifted_by', 'lifted_at'],
      ['ledger_rule', 'by_id', 'by_label', 'at'],
    ]) {
      const [, count] = (await runner.query(
        `UPDATE ${table} SET ${idColumn} = NULL, ${label} = ''
         WHERE ${idColumn} = $1 AND ($2::timestamptz IS NULL OR ${at} < $2)`,
        [id, before],
      )) as [unknown, number];
      changed += count;
    }
    return changed > 0;
  }

  /** An operator is also called by their e-mail, which only their entries may still say. */
  private async namesOf(runner: QueryRunner, { of, id }: Erasure): Promise<string[]> {
    if (of === 'identity') return [id];
    const rows = (await runner.query(
      `SELECT DISTINCT actor_label AS label FROM ledger_entry
       WHERE actor_kind = 'operator' AND actor_id = $1 AND actor_label IS NOT NULL`,
      [id],
    )) as { label: string }[];
    return [id, ...rows.map(({ label }) => label)];
  }

  private async replaceParts(
    runner: QueryRunner,
    { of, id, before }: Erasure,
    names: readonly string[],
  ): Promise<ErasedCounts> {
    const rows = (await runner.query(
      `WITH chosen AS (
         SELECT at, shard, seq, of_actor AND actor_commitment IS NULL AS of_actor,
           of_subject AND subject_commitment IS NULL AS of_subject
         FROM (
           SELECT at, shard, seq, actor_commitment, subject_commitment,
             ${of === 'identity' ? OF_IDENTITY : OF_OPERATOR}
           FROM ledger_entry WHERE $2::timestamptz IS NULL OR at < $2
         ) e
       ), erased AS (
         UPDATE ledger_entry e SET (actor_id, actor_label, ip, actor_salt, actor_commitment,
             identity, personal, reason, subject_salt, subject_commitment)
           = (SELECT n.actor_id, n.actor_label, n.ip, n.actor_salt, n.actor_commitment,
                n.identity, n.personal, n.reason, n.subject_salt, n.subject_commitment
              FROM ledger_erased(e, coalesce(c.of_actor, false), coalesce(c.of_subject, false)) n)
         FROM chosen c
         WHERE (e.at, e.shard, e.seq) = (c.at, c.shard, c.seq) AND (c.of_actor OR c.of_subject)
         RETURNING c.of_actor, c.of_subject
       )
       SELECT count(*)::int AS entries, count(*) FILTER (WHERE of_actor)::int AS actors,
         count(*) FILTER (WHERE of_subject)::int AS subjects
       FROM erased`,
      [id, before, ...whatSpeaks(of, names)],
    )) as ErasedCounts[];
    return rows[0] as ErasedCounts;
  }

  /** A review is a row beside its entry, and names who wrote it as well. */
  private async forgetReviewer(runner: QueryRunner, { id, before }: Erasure): Promise<void> {
    await runner.query(
      `UPDATE ledger_review SET by_id = NULL, by_label = '', note = NULL, findings = '[]'
       WHERE by_id = $1 AND ($2::timestamptz IS NULL OR at < $2)`,
      [id, before],
    );
  }

  /** Who was erased is not said: that would be what was to be forgotten. */
  private async record(
    runner: QueryRunner,
    actor: Actor,
    { of, before }: Erasure,
    counts: ErasedCounts,
  ): Promise<void> {
    const connection = {
      query: async <R extends object>(sql: string, values?: unknown[]) => ({
        rows: (await runner.query(sql, values)) as R[],
      }),
    };
    const payload = { of, before, ...counts };
    await this.ledger.append(connection, [
      { kind: 'ledger.erased', outcome: 'ok', actor, payload },
    ]);
  }
}

/** Members that hold what was looked for or chosen, in any depth. */
const SEARCHES: ReadonlySet<string> = new Set(['also', 'filter', 'key']);

/** $3 to $6 of OF_IDENTITY and OF_OPERATOR. */
function whatSpeaks(of: Erasure['of'], names: readonly string[]): (string | string[])[] {
  return [
    kindsWith(({ personal }) => personal.some((name) => SEARCHES.has(name))),
    patternOf(names),
    ...(of === 'operator'
      ? [
          kindsWith(({ speaksOf }) => speaksOf === 'operator'),
          kindsWith(({ speaksOf }) => speaksOf === 'actor'),
        ]
      : []),
  ];
}

function kindsWith(test: (declaration: LedgerKindDeclaration) => boolean): string[] {
  const all: [string, LedgerKindDeclaration][] = Object.entries(LEDGER_KINDS);
  return all.flatMap(([kind, declaration]) => (test(declaration) ? [kind] : []));
}

/** Of Postgres: one of the names as a whole word, as it is or as a search quotes it. */
function patternOf(names: readonly string[]): string {
  const written = names.flatMap((name) => [name, JSON.stringify(name).slice(1, -1)]);
  const literal = [...new Set(written)].map((text) => text.replace(/[^\p{L}\p{N}]/gu, '\\$&'));
  const edge = '[^[:alnum:]_.@-]';
  return `(^|${edge})(${literal.join('|')})($|${edge})`;
}

function isRefused(error: unknown): boolean {
  return (
    (error as { driverError?: { code?: string } }).driverError?.code === INSUFFICIENT_PRIVILEGE
  );
}

function needsOwner(): AppError {
  return new AppError(
    'forbidden',
    'ledger.needs_owner',
    'Only the owner of the tables can erase: set DATABASE_MIGRATION_URL to the owner’s address.',
  );
}
