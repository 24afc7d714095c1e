import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LiveApp, startLiveApp } from '../../test/support/live-app.js';
import { LiveKitDouble, VIEWER_RIGHTS } from '../../test/support/livekit-double.js';
import { until } from '../../test/support/until.js';

const ENDED = ['done', 'failed', 'cancelled'];

describe('operations on many seats', () => {
  let livekit: LiveKitDouble;
  let app: LiveApp;
  let number = 0;

  beforeAll(async () => {
    livekit = await LiveKitDouble.start({ latencyMs: 2 });
    app = await startLiveApp({ livekit });
  });

  afterAll(async () => {
    await app?.stop();
    await livekit?.stop();
  });

  /** A room with that many people in it, all of whom a token was issued to. */
  const room = async (people: number, columns: Record<string, unknown> = {}) => {
    const name = `bulk-${++number}`;
    const row = { name, default_template: 'viewer', departure_timeout: 300, ...columns };
    const keys = Object.keys(row);
    await app.sql(
      `INSERT INTO room (${keys.join(', ')}) VALUES (${keys.map((_, i) => `$${i + 1}`).join(', ')})`,
      Object.values(row),
    );
    livekit.openRoom(name);
    const identities = Array.from({ length: people }, (_, i) => `p-${String(i).padStart(4, '0')}`);
    await app.sql(
      `INSERT INTO seat (room, identity, last_issued_at) SELECT $1, unnest($2::text[]), now()`,
      [name, identities],
    );
    for (const identity of identities) {
      livekit.join({ room: name, identity, permission: VIEWER_RIGHTS });
    }
    await until(
      'everybody is seen',
      async () => {
        const [seen] = await app.sql<{ n: number }>(
          'SELECT count(*)::int AS n FROM seat WHERE room = $1 AND is_present',
          [name],
        );
        return seen?.n === people;
      },
      20_000,
    );
    return { name, identities };
  };

  const permissionChanges = (name: string) =>
    livekit.history.filter(({ room, kind }) => room === name && kind === 'permission');

  const bulk = (name: string, body: unknown) => app.post(`/api/v1/rooms/${name}/seats/bulk`, body);

  const end = (id: string) =>
    until(
      'it has come to its end',
      async () => {
        const { body } = await app.get(`/api/v1/operations/${id}`);
        return ENDED.includes(body.status) && body.finishedAt ? body : null;
      },
      20_000,
    );

  it('promotes all who are selected, and nobody else', async () => {
    const { name, identities } = await room(60);
    const chosen = identities.slice(0, 50);
    const started = await bulk(name, {
      action: 'promote',
      template: 'speaker',
      identities: chosen,
    });
    expect(started).toMatchObject({ status: 202, body: { total: 50 } });
    const view = await end(started.body.operationId);
    expect(view).toMatchObject({
      status: 'done',
      total: 50,
      done: 50,
      applied: 50,
      failed: 0,
      by: 'admin@localhost',
    });
    const publishers = livekit
      .people(name)
      .filter(({ permission }) => permission.canPublish)
      .map(({ identity }) => identity);
    expect(publishers.sort()).toEqual(chosen);
    expect(permissionChanges(name)).toHaveLength(50);
  });
});
