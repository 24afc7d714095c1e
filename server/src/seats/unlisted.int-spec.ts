import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import type { ObservedParticipant } from '../livekit/participant-view.js';
import { Transactions } from '../ledger/transactions.js';
import { Observations } from './observation/observations.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const stranger = (sid: string, joinedAt: Date): ObservedParticipant => ({
  sid,
  identity: 'stranger',
  name: '',
  kind: 'standard',
  state: 'active',
  joinedAt,
  permission: {
    canSubscribe: true,
    canPublish: false,
    canPublishSources: [],
    canPublishData: true,
    canUpdateMetadata: false,
    canSubscribeMetrics: false,
    canManageAgentSession: false,
    hidden: false,
    recorder: false,
    agent: false,
  },
  tracks: [],
  metadata: '',
  attributes: {},
  disconnectReason: null,
});

it('a connection without a token is noted once, however many see it at the same time', async () => {
  const room = await app.newRoom({ default_template: null });
  const observations = app.app.get(Observations, { strict: false });
  const transactions = app.app.get(Transactions, { strict: false });
  const noted = async () =>
    (await app.ledger('participant.unlisted')).filter((entry) => entry.room === room).length;
  const see = async (participant: ObservedParticipant) => {
    const known = { seats: new Map(), watched: new Set<string>() };
    const at = new Date();
    const times = { askedAt: at, asOf: at };
    const joins = async () => {
      const joined = await transactions.run((tx) => observations.joined(tx, room, participant));
      await observations.publish(room, joined);
    };
    await Promise.all([
      ...Array.from({ length: 5 }, () => observations.listed(room, [participant], known, times)),
      joins(),
    ]);
  };
  await see(stranger('PA_1', new Date(Date.now() - 2_000)));
  expect(await noted()).toBe(1);
  // Who comes again is another connection.
  await see(stranger('PA_2', new Date()));
  expect(await noted()).toBe(2);
});
