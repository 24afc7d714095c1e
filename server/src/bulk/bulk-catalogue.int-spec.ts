import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../test/support/double-world.js';
import { Crowd } from '../../test/support/crowd.js';
import { ALL_RIGHTS } from '../../test/support/livekit-double/model.js';
import { type Act, ACTS } from '../acts/acts.js';
import { BULK_ACTIONS } from './bulk.js';

let world: DoubleWorld;
let livekit: DoubleWorld['livekit'];
let app: DoubleWorld['app'];
let crowd: Crowd;

beforeAll(async () => {
  world = await startDoubleWorld({}, { webhookUrl: null });
  ({ livekit, app } = world);
  crowd = new Crowd(app, livekit);
});

afterAll(() => world?.stop());

const keyWith = async (permissions: string[]) => {
  const { body } = await app.post('/api/v1/api-keys', { name: 'key', permissions });
  return { authorization: `Bearer ${body.key}`, cookie: '' };
};

it.each(BULK_ACTIONS)('%s in bulk is what the catalogue says of it', async (action) => {
  const { permission, ledgerKind, lifts, fields }: Act = ACTS[action];
  const { name, identities } = await crowd.room(1, { permission: () => ALL_RIGHTS });
  const [person] = identities;
  livekit.person(name, person!).publish('MICROPHONE');
  await crowd.look(name);
  if (lifts) await app.post(`/api/v1/rooms/${name}/seats/${person}/${lifts}`, {});
  const template = action === 'promote' ? 'speaker' : 'viewer';
  const body = { action, identities, ...(fields.includes('template') ? { template } : {}) };

  const others = new Set(BULK_ACTIONS.map((each) => ACTS[each].permission));
  others.delete(ACTS[action].permission);
  expect(await crowd.bulk(name, body, await keyWith(['seat.read', ...others]))).toMatchObject({
    status: 403,
    body: { permission },
  });

  const { operationId } = (await crowd.bulk(name, body)).body;
  expect(await crowd.end(operationId)).toMatchObject({ status: 'done', total: 1, applied: 1 });
  const entries = await app.sql<{ outcome: string; payload: unknown }>(
    `SELECT outcome, payload FROM ledger_entry
     WHERE room = $1 AND identity = $2 AND kind = $3 AND payload->>'bulk' = $4
     ORDER BY at, shard, seq`,
    [name, person, ledgerKind, operationId],
  );
  expect(entries.map(({ outcome }) => outcome)).toEqual(['intent', 'applied']);
});
