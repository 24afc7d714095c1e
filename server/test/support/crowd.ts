import { PresenceService } from '../../src/presence/presence.service.js';
import { Observations } from '../../src/seats/observation/observations.js';
import type { BulkOperationView } from '../../src/bulk/bulk.schemas.js';
import type { LiveApp } from './live-app.js';
import { LiveKitDouble } from './livekit-double/livekit-double.js';
import { type Change, type Permission, VIEWER_RIGHTS } from './livekit-double/model.js';
import { until } from './until.js';

export interface CrowdRoom {
  readonly name: string;
  readonly identities: readonly string[];
}

export interface CrowdOptions {
  readonly columns?: Record<string, unknown>;
  /** What each of them comes with; viewers when left out. */
  readonly permission?: (identity: string, i: number) => Permission;
  /** Whether a token of ours was issued to them. */
  readonly isIssued?: boolean;
}

/** Rooms with many people in them, on a LiveKit double, and what tests ask about them. */
export class Crowd {
  private number = 0;

  constructor(
    readonly app: LiveApp,
    readonly livekit: LiveKitDouble,
  ) {}

  async room(people: number, options: CrowdOptions = {}): Promise<CrowdRoom> {
    const name = `crowd-${++this.number}`;
    const row = { name, default_template: 'viewer', departure_timeout: 300, ...options.columns };
    const keys = Object.keys(row);
    await this.app.sql(
      `INSERT INTO room (${keys.join(', ')}) VALUES (${keys.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
    this.livekit.openRoom(name);
    const identities = Array.from({ length: people }, (_, i) => `p-${String(i).padStart(4, '0')}`);
    if (options.isIssued !== false) {
      await this.app.sql(
        `INSERT INTO seat (room, identity, last_issued_at) SELECT $1, unnest($2::text[]), now()`,
        [name, identities],
      );
    }
    identities.forEach((identity, i) => {
      const permission = options.permission?.(identity, i) ?? VIEWER_RIGHTS;
      this.livekit.join({ room: name, identity, permission });
    });
    await this.look(name);
    return { name, identities };
  }

  /** Rolecall asks LiveKit who is there, as the sweep does. */
  async look(room: string): Promise<void> {
    const presence = this.app.app.get(PresenceService);
    const known = await this.app.app.get(Observations).readRooms([room]);
    await presence.observeRoom(room, known);
  }

  bulk(room: string, body: unknown, headers?: Record<string, string>) {
    return this.app.post(`/api/v1/rooms/${room}/seats/bulk`, body, headers);
  }

  async operation(id: string): Promise<BulkOperationView> {
    return (await this.app.get(`/api/v1/operations/${id}`)).body as BulkOperationView;
  }

  end(id: string, deadlineMs = 60_000): Promise<BulkOperationView> {
    return until(
      'the operation has come to its end',
      async () => {
        const view = await this.operation(id);
        return view.finishedAt ? view : null;
      },
      deadlineMs,
    );
  }

  async run(room: string, body: unknown): Promise<BulkOperationView> {
    const started = await this.bulk(room, body);
    if (started.status !== 202) throw new Error(JSON.stringify(started.body));
    return this.end((started.body as { operationId: string }).operationId);
  }

  async outcomes(id: string): Promise<Record<string, string>> {
    const { body } = await this.app.get(`/api/v1/operations/${id}/targets?limit=1000`);
    const { data } = body as { data: { identity: string; outcome: string; detail: string }[] };
    return Object.fromEntries(
      data.map(({ identity, outcome, detail }) => [
        identity,
        detail === null ? outcome : `${outcome}: ${detail}`,
      ]),
    );
  }

  /** Who may publish, as LiveKit has it. */
  publishers(room: string): string[] {
    return this.livekit
      .people(room)
      .filter(({ permission }) => permission.canPublish)
      .map(({ identity }) => identity)
      .sort();
  }

  /** Changes of state that LiveKit saw. */
  changes(room: string, kind: Change['kind'] = 'permission'): Change[] {
    return this.livekit.history.filter((change) => change.room === room && change.kind === kind);
  }
}
