import { roomNotFound } from '../common/errors/refusals.js';
import type { Tx } from '../ledger/transactions.js';
import { type SilenceFigures, silenceFiguresOf } from '../seats/public/sql.js';
import type { StoredScene } from './room-store.js';

/** A row of `room`, with what is computed for its view. */
export interface RoomRow {
  name: string;
  title: string;
  empty_timeout: number;
  departure_timeout: number;
  max_participants: number;
  metadata: string;
  default_template: string | null;
  promote_template: string | null;
  unlisted_participants: 'allow' | 'remove';
  is_closed: boolean;
  is_demo: boolean;
  live_sid: string | null;
  live_since: Date | null;
  num_participants: number;
  active_scene: StoredScene | null;
  silence: SilenceFigures;
  revision: number;
  created_at: Date;
  updated_at: Date;
}

export type RoomView = ReturnType<typeof toRoomView>;

export const ROOM_COLUMNS = `r.name, r.title, r.empty_timeout, r.departure_timeout, r.max_participants, r.metadata,
  r.default_template, r.promote_template, r.unlisted_participants, r.is_closed, r.is_demo,
  r.live_sid, r.live_since, r.num_participants, r.active_scene, r.revision, r.created_at, r.updated_at,
  ${silenceFiguresOf('r.name')} AS silence`;

/** Throws `not_found` when there is no such room. */
export async function lockRoom(tx: Tx, name: string): Promise<RoomRow> {
  const { rows } = await tx.query<RoomRow>(
    `SELECT ${ROOM_COLUMNS} FROM room r WHERE r.name = $1 FOR NO KEY UPDATE`,
    [name],
  );
  if (!rows[0]) throw roomNotFound();
  return rows[0];
}

export function toRoomView(row: RoomRow) {
  return {
    id: row.name,
    name: row.name,
    title: row.title,
    emptyTimeout: row.empty_timeout,
    departureTimeout: row.departure_timeout,
    maxParticipants: row.max_participants,
    metadata: row.metadata,
    defaultTemplate: row.default_template,
    promoteTemplate: row.promote_template,
    unlistedParticipants: row.unlisted_participants,
    isClosed: row.is_closed,
    isDemo: row.is_demo,
    numParticipants: row.num_participants,
    liveSince: row.live_since,
    scene: row.active_scene,
    silence: row.silence,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
