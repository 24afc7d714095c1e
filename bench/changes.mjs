// Changes of seats as another server of the same installation writes them: the seats in one
// statement, then a hint for each in `event` and one NOTIFY for all of them.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

export class SeatChanges {
  #pool;
  #room;
  #next = 0;
  #identities = null;

  constructor(url, room) {
    this.#pool = new pg.Pool({ connectionString: url, max: 4 });
    this.#room = room;
  }

  stop() {
    return this.#pool.end();
  }

  async rename(identity, name) {
    const values = [this.#room, identity, name];
    await this.#pool.query('UPDATE seat SET name = $3 WHERE room = $1 AND identity = $2', values);
    await this.tell([identity]);
  }

  /** `batch` people stop or start to send, every so often, the next ones each time. */
  async storm({ batch, everyMs, batches }) {
    const identities = await this.#people();
    const started = performance.now();
    for (let i = 0; i < batches; i++) {
      await delay(Math.max(0, started + i * everyMs - performance.now()));
      const some = Array.from(
        { length: batch },
        () => identities[this.#next++ % identities.length],
      );
      await this.#pool.query(
        `UPDATE seat SET tracks = CASE WHEN tracks = '[]' THEN $3::jsonb ELSE '[]' END
         WHERE room = $1 AND identity = ANY($2)`,
        [this.#room, some, JSON.stringify(TRACKS)],
      );
      await this.tell(some);
    }
  }

  async tell(identities) {
    const { rows } = await this.#pool.query(
      `INSERT INTO event (topic, type, key) SELECT $1, 'seat', unnest($2::text[]) RETURNING id`,
      [`room:${this.#room}`, identities],
    );
    await this.#pool.query(`SELECT pg_notify('rolecall_event', $1)`, [rows.at(-1).id]);
  }

  async #people() {
    if (this.#identities) return this.#identities;
    const { rows } = await this.#pool.query(
      'SELECT identity FROM seat WHERE room = $1 AND is_present ORDER BY identity',
      [this.#room],
    );
    this.#identities = rows.map(({ identity }) => identity);
    return this.#identities;
  }
}

const TRACKS = [{ sid: 'TR_bench', type: 'audio', source: 'microphone', name: '', isMuted: false }];
