import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { isGrantedIn, isLaterIn, numberIn } from './payload-sql.js';

/** Grants with which the holder of a token begins something at LiveKit by themselves. */
export type BeginningGrant = 'roomCreate' | 'roomRecord' | 'ingressAdmin' | 'roomAdmin';

/** What one entry gave somebody in a room. */
export interface GivenRights {
  /** The grants of a role template, as issued. */
  readonly grants: unknown;
  /** The permission that LiveKit was told. */
  readonly wanted: unknown;
  readonly template: string | null;
  readonly version: number | null;
}

/** What entries of one seat are read. */
const ENTRIES_OF_A_SEAT = 100;
/** Tokens for a room that are looked at. */
const TOKENS_OF_A_ROOM = 20_000;
const TOKENS_OF_A_SEAT = 1_000;
const SEARCH_TIMEOUT_MS = 5_000;
/** An entry has the time of Postgres, what LiveKit reports that of LiveKit. */
const CLOCKS_DIFFER = `interval '1 minute'`;
/** LiveKit bears a minute after the expiry. */
const VALID_THEN = isLaterIn('expiresAt', `$2::timestamptz - 2 * ${CLOCKS_DIFFER}`);
/** So long a refreshed token may still open a room after it was deleted. */
const DELETED_BEFORE = `(SELECT FROM ledger_entry WHERE room = $1 AND kind = 'room.deleted'
  AND at < $2::timestamptz + ${CLOCKS_DIFFER} AND at > $2::timestamptz - interval '12 minutes' LIMIT 1)`;

/** Finds the entries that explain what LiveKit has. */
@Injectable()
export class LedgerOrigins {
  constructor(private readonly pg: PgPool) {}

  /**
   * Whether a token of ours could begin it then: one for the room, or for no room, with the grant, that
   * was valid at `at`. LiveKit binds only some of these grants to a room.
   */
  async isTokenThatBegins(grant: BeginningGrant, room: string | null, at: Date): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'ledger-token-that-begins',
      `SELECT FROM (
         (SELECT payload FROM ledger_entry
          WHERE room = $1 AND kind = 'token.issued' AND at < $2::timestamptz + ${CLOCKS_DIFFER}
          ORDER BY at DESC LIMIT ${TOKENS_OF_A_ROOM})
         UNION ALL
         (SELECT payload FROM ledger_entry
          WHERE room IS NULL AND kind = 'token.issued' AND at < $2::timestamptz + ${CLOCKS_DIFFER}
          ORDER BY at DESC LIMIT ${TOKENS_OF_A_ROOM})) AS issued
       WHERE strpos(payload::text, $3) > 0
         AND ${isGrantedIn('$4')}
         AND ${isLaterIn('expiresAt', `$2::timestamptz - ${CLOCKS_DIFFER}`)}
       LIMIT 1`,
      [room, at, `"${grant}":true`, grant],
      SEARCH_TIMEOUT_MS,
    );
    return rowCount === 1;
  }

  /**
   * Whether a token of ours for the room was valid at `at`: whoever has one may bring the room back. So
   * may who was in it when it was deleted, with a token that LiveKit refreshed.
   */
  async hadTokenForRoom(room: string, at: Date): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'ledger-token-for-room',
      `SELECT FROM (
         SELECT payload FROM ledger_entry
         WHERE room = $1 AND kind = 'token.issued' AND at < $2::timestamptz + ${CLOCKS_DIFFER}
         ORDER BY at DESC LIMIT ${TOKENS_OF_A_ROOM}) AS issued
       WHERE ${VALID_THEN}
       UNION ALL ${DELETED_BEFORE} LIMIT 1`,
      [room, at],
      SEARCH_TIMEOUT_MS,
    );
    return rowCount === 1;
  }

  /** The same of one person: with a token for the room that is theirs. */
  async hadToken(room: string, identity: string, at: Date): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'ledger-token-of-seat',
      `SELECT FROM (
         SELECT kind, payload FROM ledger_entry
         WHERE room = $1 AND identity = $3 AND at < $2::timestamptz + ${CLOCKS_DIFFER}
           AND kind IN ('token.issued', 'gate.admitted', 'participant.joined')
         ORDER BY at DESC LIMIT ${TOKENS_OF_A_SEAT}) AS theirs
       WHERE (kind = 'token.issued' AND ${isGrantedIn(`'roomJoin'`)} AND ${VALID_THEN})
         OR (kind <> 'token.issued' AND EXISTS (${DELETED_BEFORE}))
       LIMIT 1`,
      [room, at, identity],
      SEARCH_TIMEOUT_MS,
    );
    return rowCount === 1;
  }

  /** The names of agents that tokens for the room ask for. */
  async agentsOfTokens(room: string): Promise<string[]> {
    const { rows } = await this.pg.query<{ name: string | null }>(
      'ledger-agents-of-tokens',
      `SELECT DISTINCT agent->>'agentName' AS name FROM (
         SELECT personal FROM ledger_entry WHERE room = $1 AND kind = 'token.issued'
         ORDER BY at DESC LIMIT ${TOKENS_OF_A_ROOM}) AS issued,
         json_array_elements(CASE json_typeof(personal->'claims'->'roomConfig'->'agents')
           WHEN 'array' THEN personal->'claims'->'roomConfig'->'agents' ELSE '[]' END) AS agent
       WHERE strpos(personal::text, '"agents":[') > 0`,
      [room],
      SEARCH_TIMEOUT_MS,
    );
    return rows.flatMap(({ name }) => name ?? []);
  }

  /** What tokens, connects and repairs gave somebody in the room, newest first. */
  async rightsGiven(room: string, identity: string): Promise<GivenRights[]> {
    const { rows } = await this.pg.query<GivenRights>(
      'ledger-rights-given',
      `SELECT payload->'grants' AS grants, payload->'wanted' AS wanted,
         payload->>'template' AS template, ${numberIn('version')}::int AS version
       FROM ledger_entry WHERE identity = $2 AND room = $1
         AND kind IN ('token.issued', 'gate.admitted', 'drift.repaired', 'seat.updated')
       ORDER BY at DESC LIMIT ${ENTRIES_OF_A_SEAT}`,
      [room, identity],
      SEARCH_TIMEOUT_MS,
    );
    return rows;
  }

  /** Whether a scene of the room began or ended within the last day. */
  async hasPlayedScene(room: string): Promise<boolean> {
    const { rowCount } = await this.pg.query(
      'ledger-scene-played',
      `SELECT FROM ledger_entry WHERE room = $1 AND at > now() - interval '1 day'
         AND kind IN ('scene.entered', 'scene.left') LIMIT 1`,
      [room],
      SEARCH_TIMEOUT_MS,
    );
    return rowCount === 1;
  }
}
