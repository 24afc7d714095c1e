import { TokenSigner } from '../../src/livekit/signer.js';
import { toVideoGrant } from '../../src/grants/compile-grant.js';
import { PRESETS } from '../../src/grants/presets.js';
import type { SeatView } from '../../src/seats/views/seats.schemas.js';
import type { LiveApp } from './live-app.js';
import type { LiveKitServer } from './livekit-server.js';
import { BY_SQL } from './own-changes.js';
import { WHOLE_PAYLOAD } from './ledger-sql.js';
import { until } from './until.js';

export interface LedgerRow {
  kind: string;
  outcome: string;
  identity: string | null;
  actor_label: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- payloads are checked by expectations
  payload: any;
}

/** What most tests of live rooms begin with, and how they look at what came of it. */
export class LiveScene {
  constructor(
    readonly app: LiveApp,
    readonly livekit: LiveKitServer,
  ) {}

  /** A room that LiveKit runs, where everyone is a viewer unless something says otherwise. */
  async room(name: string, columns: Record<string, unknown> = {}): Promise<string> {
    const row = { name, default_template: 'viewer', departure_timeout: 3, ...columns };
    const keys = Object.keys(row);
    await this.app.sql(
      `INSERT INTO room (${keys.join(', ')}) VALUES (${keys.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
    await this.start(name);
    return name;
  }

  /** Starts the room in LiveKit, as issuing a token does. */
  async start(room: string): Promise<void> {
    await this.ask('CreateRoom', { name: room, empty_timeout: 300, departure_timeout: 3 });
  }

  /** Ends the room in LiveKit, for everybody in it. */
  async end(room: string): Promise<void> {
    await this.ask('DeleteRoom', { room });
  }

  async user(identity: string): Promise<string> {
    await this.app.sql('INSERT INTO app_user (identity, name) VALUES ($1, $1)', [identity]);
    return identity;
  }

  /** A token of the preset's grants, made past Rolecall: an old one, or one of another backend. */
  token(room: string, identity: string, template = 'viewer'): string {
    const grants = PRESETS.find(({ key }) => key === template)?.grants;
    if (!grants) throw new Error(`no preset ${template}`);
    return this.sign({ sub: identity, video: toVideoGrant(grants, room) });
  }

  /** As if Rolecall had issued the token. */
  async issued(room: string, identity: string, template = 'viewer'): Promise<string> {
    await this.app.sql(
      `INSERT INTO seat (room, identity, last_issued_at) VALUES ($1, $2, now())
       ON CONFLICT (room, identity) DO UPDATE SET last_issued_at = now()`,
      [room, identity],
    );
    return this.token(room, identity, template);
  }

  /** On a busy machine Postgres may be too slow, which is answered 503: asked again, as a client would. */
  async seats(room: string): Promise<SeatView[]> {
    const path = `/api/v1/rooms/${encodeURIComponent(room)}/seats`;
    return until(`the seats of ${room} are answered`, async () => {
      const { status, body } = await this.app.get(path);
      if (status === 503) return null;
      if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`);
      return body as SeatView[];
    });
  }

  async seat(room: string, identity: string): Promise<SeatView | undefined> {
    return (await this.seats(room)).find((seat) => seat.identity === identity);
  }

  untilSeat(
    room: string,
    identity: string,
    what: string,
    check: (seat: SeatView) => boolean,
    deadlineMs?: number,
  ): Promise<SeatView> {
    return until(
      `${identity} ${what}`,
      async () => {
        const seat = await this.seat(room, identity);
        return seat && check(seat) ? seat : null;
      },
      deadlineMs,
    );
  }

  act(room: string, identity: string, action: string, body: unknown = {}) {
    const path = `/api/v1/rooms/${encodeURIComponent(room)}/seats/${encodeURIComponent(identity)}`;
    return this.app.post(`${path}/${action}`, body);
  }

  /**
   * The same where its answer is not what the test is about: on a busy machine it may be 503, and is
   * asked again as a client would, or `pending`, and is waited for.
   */
  async carryOut(room: string, identity: string, action: string, body: unknown = {}) {
    const answer = await until(`${action} of ${identity} is accepted`, async () => {
      const one = await this.act(room, identity, action, body);
      return one.status === 503 ? null : one;
    });
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`);
    const { operationId } = answer.body;
    await until(`${action} of ${identity} is applied`, async () => {
      const { outcome } = (await this.app.get(`/api/v1/operations/${operationId}`)).body;
      return outcome === 'applied';
    });
    return answer.body;
  }

  /** What LiveKit itself says; undefined when it does not know them. */
  async participant(room: string, identity: string): Promise<LiveKitParticipant | undefined> {
    return (await this.participants(room)).find((p) => p.identity === identity);
  }

  async participants(room: string): Promise<LiveKitParticipant[]> {
    const { participants } = await this.ask<{ participants?: LiveKitParticipant[] }>(
      'ListParticipants',
      { room },
    );
    return participants ?? [];
  }

  ledger(room: string, kind?: string): Promise<LedgerRow[]> {
    return this.app.sql<LedgerRow>(
      `SELECT kind, outcome, identity, actor_label, ${WHOLE_PAYLOAD} FROM ledger_entry
       WHERE room = $1 AND CASE WHEN $2::text IS NULL THEN kind <> '${BY_SQL}' ELSE kind = $2 END
       ORDER BY at, shard, seq`,
      [room, kind ?? null],
    );
  }

  /** LiveKit itself, past Rolecall. */
  private async ask<T>(method: string, body: Record<string, string | number>): Promise<T> {
    const { room } = body;
    const video = { roomCreate: true, roomAdmin: true, ...(room === undefined ? {} : { room }) };
    const url = `${this.livekit.httpUrl}/twirp/livekit.RoomService/${method}`;
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${this.sign({ video })}`,
      },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method}: ${response.status}`);
    return (await response.json()) as T;
  }

  sign(claims: Record<string, unknown>): string {
    const now = Math.floor(Date.now() / 1000);
    return new TokenSigner(this.livekit).sign({ nbf: now, exp: now + 600, ...claims });
  }
}

export interface LiveKitParticipant {
  sid: string;
  identity: string;
  state?: string;
  name?: string;
  metadata?: string;
  attributes?: Record<string, string>;
  permission?: {
    can_publish?: boolean;
    can_publish_sources?: string[];
    can_publish_data?: boolean;
    can_subscribe?: boolean;
  };
  tracks?: { sid: string; source?: string; muted?: boolean }[];
}
