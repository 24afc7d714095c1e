import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Kinds that policy is computed from, as `server/src/policy/past/policy-kinds.ts` has them. */
const KINDS = [
  'seat.block_ended',
  'seat.blocked',
  'seat.demoted',
  'seat.held',
  'seat.hold_ended',
  'seat.lease_ended',
  'seat.lease_extended',
  'seat.peek_ended',
  'seat.promoted',
  'seat.released',
  'seat.session_ended',
  'seat.state_recorded',
  'seat.unblocked',
  'assignment.created',
  'assignment.deleted',
  'assignment.updated',
  'user.created',
  'user.deleted',
  'user.suspended',
  'user.unsuspended',
  'user.updated',
  'room.closed',
  'room.created',
  'room.deleted',
  'room.opened',
  'room.updated',
  'scene.entered',
  'scene.left',
  'template.archived',
  'template.created',
  'template.deleted',
  'template.published',
  'template.unarchived',
  'token.voided',
];

/** Seats that one call writes down. */
const SEATS_AT_ONCE = 1_000;

/** What is set on a seat, as the entries of acts carry it. */
const DESIRED = `json_build_object('desired', json_build_object(
  'block', CASE WHEN block_at IS NOT NULL THEN json_build_object('at', ${utc('block_at')},
    'by', block_by, 'byKind', block_by_kind, 'reason', block_reason,
    'until', ${utc('block_until')}) END,
  'hold', CASE WHEN hold_at IS NOT NULL THEN json_build_object('at', ${utc('hold_at')},
    'by', hold_by, 'byKind', hold_by_kind, 'reason', hold_reason, 'sources', hold_sources,
    'until', ${utc('hold_until')}) END,
  'override', CASE WHEN override_template IS NOT NULL THEN json_build_object(
    'at', ${utc('override_at')}, 'by', override_by, 'byKind', override_by_kind,
    'reason', override_reason, 'scope', override_scope, 'template', override_template,
    'until', ${utc('override_until')}, 'version', override_version) END,
  'peeksAt', peeks_at))`;

/**
 * Policy of any past instant is computed from the log. Entries of acts on seats say from now on what
 * is set on the seat; what was set before is written down once, here.
 */
export class ReadPastPolicy1795440000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // For tokens the condition is false, so that issuing one writes nothing here.
    await queryRunner.query(`
      CREATE INDEX ix_ledger_entry_policy ON ledger_entry (identity, room, at)
      WHERE kind IN (${KINDS.map((kind) => `'${kind}'`).join(', ')})`);
    await queryRunner.query(`ALTER TABLE installation ADD policy_logged_since timestamptz`);
    await this.recordSeats(queryRunner);
    await queryRunner.query(`
      UPDATE installation SET policy_logged_since = clock_timestamp()
      WHERE EXISTS (SELECT FROM ledger_entry)`);
  }

  private async recordSeats(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('SELECT ledger_ensure_partitions(1)');
    let after = ['', ''];
    for (;;) {
      const seats = (await queryRunner.query(
        `SELECT room, identity, ${DESIRED}::text AS personal FROM seat
         WHERE (room, identity) > ($1, $2) AND coalesce(override_template, peeks_at) IS NOT NULL
           OR (room, identity) > ($1, $2) AND coalesce(block_at, hold_at) IS NOT NULL
         ORDER BY room, identity LIMIT ${SEATS_AT_ONCE}`,
        after,
      )) as { room: string; identity: string; personal: string }[];
      const last = seats.at(-1);
      if (!last) return;
      after = [last.room, last.identity];
      const all = (value: string | null) => seats.map(() => value);
      await queryRunner.query(
        `SELECT ledger_append(0, 0, $1::text[], $2::text[], $3::text[], $4::text[], $5::text[],
           $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::json[], $12::json[])`,
        [
          all('seat.state_recorded'),
          all('ok'),
          all('system'),
          all(null),
          all('Rolecall'),
          seats.map(({ room }) => room),
          seats.map(({ identity }) => identity),
          all(null),
          all(null),
          all(null),
          all('{"because":"Rolecall was upgraded"}'),
          seats.map(({ personal }) => canonical(personal)),
        ],
      );
    }
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE installation DROP policy_logged_since`);
    await queryRunner.query(`DROP INDEX ix_ledger_entry_policy`);
  }
}

/** As an entry writes times; null stays null. */
function utc(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** The JSON of an entry: no spaces, keys in order. */
function canonical(json: string): string {
  return JSON.stringify(JSON.parse(json), (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
