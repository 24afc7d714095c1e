import { CreateRoomRequest } from '@livekit/protocol';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { ALL_RIGHTS } from '../../test/support/livekit-double/model.js';
import { sweep as sweepOf } from '../../test/support/sweep.js';

/** Rooms that are not Rolecall's, in a LiveKit that it shares with others. */
describe('people in a room of others', () => {
  let world: DoubleWorld;
  let owner: pg.Pool;

  beforeAll(async () => {
    world = await startDoubleWorld({ ROLECALL_SWEEP: '10m' });
    owner = new pg.Pool({ connectionString: world.app.database.ownerUrl, max: 1 });
  });
  afterAll(async () => {
    await owner?.end();
    await world?.stop();
  });

  /** As if it had been issued then: past the append function, as its owner. */
  const issued = (
    ago: string,
    livesFor: string,
    room: string | null,
    identity: string,
    grants: object = { roomJoin: true },
  ) =>
    owner.query(
      `INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_label, room, identity, payload)
       SELECT 0, 0, at, 'token.issued', 'ok', 'system', 'test', $3::text, $4::text, json_build_object(
         'expiresAt', to_char((at + $2::interval) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'grants', $5::json)
       FROM (SELECT clock_timestamp() - $1::interval AS at) AS made`,
      [ago, livesFor, room, identity, JSON.stringify(grants)],
    );

  const join = (room: string, identity: string) =>
    world.livekit.join({ room, identity, permission: ALL_RIGHTS });
  const begin = (room: string, ...people: string[]) => {
    world.livekit.create(new CreateRoomRequest({ name: room }));
    for (const identity of people) join(room, identity);
  };

  const found = async (room: string) =>
    (await world.scene.ledger(room))
      .filter(({ kind }) => ['participant.unlisted', 'room.unexplained'].includes(kind))
      .map(({ kind, identity }) => `${kind} ${identity ?? ''}`.trim())
      .sort();

  const sweepTwice = async () => {
    await sweepOf(world.app);
    await sweepOf(world.app);
  };

  it('are noticed in a room of a name that once had a token, which has expired', async () => {
    await issued('2 days', '1 hour', 'relic', 'ana');
    begin('relic', 'ana', 'mallory');
    await sweepTwice();
    expect(await found('relic')).toEqual([
      'participant.unlisted ana',
      'participant.unlisted mallory',
      'room.unexplained',
    ]);
  });

  it('are noticed beside somebody whose own token is valid', async () => {
    await issued('5 minutes', '1 hour', 'shared', 'ben');
    begin('shared', 'ben');
    await sweepTwice();
    expect(await found('shared')).toEqual([]);
    join('shared', 'mallory');
    await sweepTwice();
    expect(await found('shared')).toEqual(['participant.unlisted mallory']);
  });

  it('are noticed where a token that may create rooms explains the room', async () => {
    await issued('5 minutes', '1 hour', null, 'maker', { roomCreate: true });
    begin('made');
    await sweepTwice();
    expect(await found('made')).toEqual([]);
    join('made', 'mallory');
    await sweepTwice();
    expect(await found('made')).toEqual(['participant.unlisted mallory']);
  });
});
