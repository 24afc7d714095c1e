import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import type { Tx } from '../ledger/transactions.js';
import { isStorable, toStorable } from '../livekit/storable.js';
import type { LiveKitEvent } from '../livekit/webhook-event.js';

interface InboxRow {
  id: string;
  event: string;
  body: { room: LiveKitEvent['room']; participant: unknown; track: LiveKitEvent['track'] };
  created_at: Date;
  received_at: Date;
}

/** An event as it waits here: LiveKit's own time has whole seconds, ours is when it came. */
export interface ReceivedEvent extends LiveKitEvent {
  readonly receivedAt: Date;
}

/** LiveKit sends an event five times at most; each id is taken in once and processed once. */
@Injectable()
export class WebhookInbox {
  constructor(private readonly pg: PgPool) {}

  /** Not new: an event that is known already. The room is whose turn it waits for. */
  async add(event: LiveKitEvent): Promise<{ isNew: boolean; room: string | null }> {
    const { room, participant, track } = storable(event);
    const { rowCount } = await this.pg.query(
      'webhook-take',
      `INSERT INTO webhook_inbox (id, event, room, body, created_at)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
      [
        event.id,
        event.event,
        room?.name ?? null,
        toJson({ room, participant, track }),
        event.createdAt,
      ],
    );
    return { isNew: rowCount === 1, room: room?.name ?? null };
  }

  /** Rooms with events that nobody has processed, though somebody should have. */
  async listOverdue(): Promise<(string | null)[]> {
    const { rows } = await this.pg.query<{ room: string | null }>(
      'webhook-overdue',
      `SELECT DISTINCT room FROM webhook_inbox
       WHERE processed_at IS NULL AND received_at < now() - interval '1 second'`,
    );
    return rows.map(({ room }) => room);
  }

  /** Events of one room in their order, locked for the transaction: one server at a time. */
  async lockOpen(tx: Tx, room: string | null, limit: number): Promise<ReceivedEvent[]> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 7))`, [
      `rolecall.inbox:${room ?? ''}`,
    ]);
    const { rows } = await tx.query<InboxRow>(
      `SELECT id, event, body, created_at, received_at FROM webhook_inbox
       WHERE processed_at IS NULL AND room IS NOT DISTINCT FROM $1
       ORDER BY created_at, received_at, id LIMIT $2`,
      [room, limit],
    );
    return rows.map(toEvent);
  }

  async markProcessed(tx: Tx, events: readonly LiveKitEvent[]): Promise<void> {
    await tx.query('UPDATE webhook_inbox SET processed_at = now() WHERE id = ANY($1)', [
      events.map(({ id }) => id),
    ]);
  }

  /** A webhook can be replayed for as long as its signature holds: five minutes, and the tolerance. */
  async forgetOld(): Promise<void> {
    await this.pg.query(
      'webhook-forget',
      `DELETE FROM webhook_inbox WHERE id IN (
         SELECT id FROM webhook_inbox
         WHERE processed_at < now() - interval '1 day' LIMIT 5000)`,
    );
  }
}

/** Rolecall has neither rooms nor identities that Postgres cannot keep: of those, only that. */
function storable({ room, participant, track }: LiveKitEvent) {
  return {
    room: room && isStorable(room.name) ? room : null,
    participant: participant && isStorable(participant.identity) ? participant : null,
    track,
  };
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' ? toStorable(part) : part,
  );
}

function toEvent({ id, event, body, created_at, received_at }: InboxRow): ReceivedEvent {
  const participant = body.participant as
    (Omit<NonNullable<LiveKitEvent['participant']>, 'joinedAt'> & { joinedAt: string }) | null;
  return {
    id,
    event,
    createdAt: created_at,
    receivedAt: received_at,
    room: body.room,
    participant: participant && { ...participant, joinedAt: new Date(participant.joinedAt) },
    track: body.track,
  };
}
