import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { Housekeeping } from '../database/housekeeping.js';
import { WebhookProcessor } from '../webhooks/webhook-processor.js';

let test: TestApp;

beforeAll(async () => {
  test = await startTestApp();
});
afterAll(() => test?.stop());

/** News of LiveKit's, as it is after it was taken in. */
const news = (room: string, event: string, participant: object | null) =>
  test.sql(
    `INSERT INTO webhook_inbox (id, event, room, body, created_at)
     VALUES ($1, $2, $3, $4, clock_timestamp())`,
    [
      `EV_${event}`,
      event,
      room,
      JSON.stringify({ room: { sid: 'RM_1', name: room }, track: null, participant }),
    ],
  );

/** How many sessions of this database wait for a lock. */
const waiting = async () => {
  const [row] = await test.sql<{ n: number }>(
    `SELECT count(DISTINCT pid)::int AS n FROM pg_locks WHERE NOT granted AND pid IN
       (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`,
  );
  return row?.n;
};

it('deletes a room while the news of its end are written: neither waits for the other', async () => {
  const room = await test.newRoom({ live_sid: 'RM_1' });
  await test.sql(
    `INSERT INTO seat (room, identity, is_present, sid, state, joined_at)
     VALUES ($1, 'ana', true, 'PA_1', 'active', now())`,
    [room],
  );
  const joinedAt = new Date().toISOString();
  await news(room, 'participant_left', {
    sid: 'PA_1',
    identity: 'ana',
    name: '',
    kind: 'standard',
    joinedAt,
    permission: {},
  });
  await news(room, 'room_finished', null);

  const other = new pg.Client({ connectionString: test.database.ownerUrl });
  await other.connect();
  let deleted;
  try {
    await other.query('BEGIN');
    await other.query(`SELECT FROM seat WHERE room = $1 FOR UPDATE`, [room]);
    test.app.get(WebhookProcessor).processSoon(room);
    await until('the news wait for the seat', async () => (await waiting()) === 1);
    deleted = test.inject('DELETE', `/api/v1/rooms/${room}`, { as: test.admin });
    await until('the delete waits as well', async () => (await waiting()) === 2);
  } finally {
    await other.end();
  }

  expect((await deleted).status).toBe(204);
  await until('the news are written', async () => {
    const [row] = await test.sql('SELECT FROM webhook_inbox WHERE processed_at IS NULL');
    return row === undefined;
  });
  const kinds = (await test.ledger())
    .filter((entry) => entry.room === room)
    .map(({ kind }) => kind);
  expect(kinds).toEqual(
    expect.arrayContaining(['participant.left', 'room.finished', 'room.deleted']),
  );
});

it('what strangers brought to a room that was deleted a month ago goes by itself', async () => {
  await test.sql(
    `INSERT INTO seat_brought (room, identity, brought, kept_at)
     SELECT 'gone', i, '{}', now() - i::int * interval '29 days' FROM unnest(ARRAY['1', '2']) i`,
  );
  await test.app.get(Housekeeping).run();
  expect(await test.sql('SELECT identity FROM seat_brought')).toEqual([{ identity: '1' }]);
});
