import pg from 'pg';

/** Numbers from 0 to below 1, the same ones each time. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/**
 * People who come, go, raise a hand and start to send, as another server of the same installation
 * writes it: changed seats, an event for each, and one NOTIFY.
 */
export class Crowd {
  private readonly pool: pg.Pool;
  private readonly here: string[] = [];
  private last = 0;

  constructor(
    databaseUrl: string,
    private readonly room: string,
    private readonly random: () => number,
  ) {
    this.pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  }

  async arrive(count: number, hasHand = false): Promise<string[]> {
    const people = Array.from({ length: count }, () => this.newName());
    await this.pool.query(
      `INSERT INTO seat (room, identity, last_issued_at, is_present, sid, state, name, kind,
         permission, tracks, joined_at, observed_at)
       SELECT $1, identity, now(), true, 'PA_' || identity, 'active', identity, 'standard',
         $3::jsonb, '[]', now(), now()
       FROM unnest($2::text[]) AS identity`,
      [this.room, people, JSON.stringify(VIEWER)],
    );
    if (hasHand) await this.insertHands(people);
    this.here.push(...people);
    await this.tell(people, hasHand);
    return people;
  }

  async leave(): Promise<void> {
    const [gone] = this.here.splice(Math.floor(this.random() * this.here.length), 1);
    if (gone === undefined) return;
    await this.pool.query(
      'UPDATE seat SET is_present = false, left_at = now() WHERE room = $1 AND identity = $2',
      [this.room, gone],
    );
    await this.tell([gone], true);
  }

  async raiseHand(): Promise<void> {
    const person = this.somebody();
    await this.insertHands([person]);
    await this.tell([person], true);
  }

  async startOrStopSending(person = this.somebody()): Promise<void> {
    await this.pool.query(
      `UPDATE seat SET tracks = CASE WHEN tracks = '[]' THEN $3::jsonb ELSE '[]' END
       WHERE room = $1 AND identity = $2`,
      [this.room, person, JSON.stringify([TRACK])],
    );
    await this.tell([person]);
  }

  /** Something happens; which, is up to chance. As many go as come. */
  async change(): Promise<void> {
    const chance = this.random();
    if (chance < 0.25) await this.arrive(1, this.random() < 0.5);
    else if (chance < 0.5) await this.leave();
    else if (chance < 0.6) await this.raiseHand();
    else await this.startOrStopSending();
  }

  stop(): Promise<void> {
    return this.pool.end();
  }

  private somebody(): string {
    return this.here[Math.floor(this.random() * this.here.length)] ?? '';
  }

  private newName(): string {
    this.last += 1;
    return `${String.fromCharCode(97 + Math.floor(this.random() * 26))}${this.last}`;
  }

  private async insertHands(people: readonly string[]): Promise<void> {
    await this.pool.query(
      `INSERT INTO stage_request (room, identity, kind) SELECT $1, unnest($2::text[]), 'hand'
       ON CONFLICT DO NOTHING`,
      [this.room, people],
    );
  }

  private async tell(people: readonly string[], isStage = false): Promise<void> {
    const { rows } = await this.pool.query<{ id: string }>(
      `INSERT INTO event (topic, type, key)
       SELECT $1, 'seat', unnest($2::text[])
       UNION ALL SELECT $1, 'stage', NULL WHERE $3
       RETURNING id`,
      [`room:${this.room}`, people, isStage],
    );
    await this.pool.query(`SELECT pg_notify('rolecall_event', $1)`, [rows.at(-1)?.id]);
  }
}

const TRACK = { sid: 'TR_1', type: 'audio', source: 'microphone', name: '', isMuted: false };

/** What LiveKit gave to a viewer. */
const VIEWER = {
  canSubscribe: true,
  canPublish: false,
  canPublishData: true,
  canPublishSources: [],
  hidden: false,
  recorder: false,
  agent: false,
  canUpdateMetadata: false,
  canSubscribeMetrics: false,
  canManageAgentSession: false,
};
