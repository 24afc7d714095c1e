import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { encodeBound, readBound } from '../grants/issuer-ceiling.js';
import { MODERATOR_CEILING } from '../grants/presets.js';
import { TokenSigner } from '../livekit/signer.js';
import { SeatPolicy } from '../seats/model/seat-policy.js';
import { ParticipantProofs, type Proof } from '../proofs/participant-proofs.js';

let app: TestApp;
let moderator: Credential;
let room: string;
let boss: { id: string; identity: string };

beforeAll(async () => {
  app = await startTestApp({
    environment: {
      LIVEKIT_API_KEY: 'APIceiling',
      LIVEKIT_API_SECRET: 'a-secret-that-is-long-enough-to-use',
    },
  });
  moderator = await app.newOperator([{ role: 'moderator' }]);
});
afterAll(() => app.stop());
beforeEach(async () => {
  room = await app.newRoom({ default_template: 'viewer' });
  boss = await app.newUser();
});

const proofs = () => app.app.get(ParticipantProofs, { strict: false });
const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());

async function issued(as: Credential): Promise<string> {
  const body = { room, identity: boss.identity };
  const answer = await app.inject('POST', '/api/v1/tokens', { as, body });
  expect(answer.status).toBe(201);
  return answer.body.token;
}
const becomes = (template: string) =>
  app.newAssignment({ user_id: boss.id, room_name: room, template });
const outcomeOf = (proof: Proof) => (proof.kind === 'proved' ? 'proved' : proof.code);
const check = async (token: string) => outcomeOf(await proofs().check(token));

/** Comes in, and answers with what LiveKit would refresh from what the gate passed on. */
async function admitted(token: string): Promise<string> {
  const proof = await proofs().check(token);
  if (proof.kind === 'refused') throw new Error(proof.code);
  const { takeover } = await proofs().admit(proof, { isJoinedHere: true, isNew: true });
  await proofs().takesOver(takeover);
  await app.sql(
    `UPDATE seat SET is_present = true, left_at = NULL WHERE room = $1 AND identity = $2`,
    [room, boss.identity],
  );
  const { jti: _, roomConfig: __, ...kept } = claimsOf(token);
  const config = proof.bound && { roomConfig: encodeBound(proof.bound) };
  return new TokenSigner(app.config.livekit).sign({ ...kept, ...config });
}
const leaves = () =>
  app.sql(
    `UPDATE seat SET is_present = false, left_at = clock_timestamp()
     WHERE room = $1 AND identity = $2`,
    [room, boss.identity],
  );
/** What LiveKit should have for a connected participant. */
const desired = async () => {
  const { role } = await app.app
    .get(SeatPolicy, { strict: false })
    .evaluate(room, boss.identity, { kind: 'standard' });
  return role && { template: role.template, beyond: role.aboveCeiling, ...role.permission };
};
const promoted = (template: string, as = app.admin) =>
  app.inject('POST', `/api/v1/rooms/${room}/seats/${boss.identity}/promote`, {
    as,
    body: { template },
  });

describe('a token of an issuer with a ceiling', () => {
  it('carries the ceiling, and so does its entry; one of an admin carries none', async () => {
    const bound = readBound(claimsOf(await issued(moderator)));
    expect(bound).toEqual({ id: null, ceiling: [MODERATOR_CEILING] });
    expect((await app.ledger('token.issued')).at(-1)?.payload['ceiling'][0]).toContain(
      'canPublishSources.screen_share',
    );
    expect(claimsOf(await issued(app.admin))).not.toHaveProperty('roomConfig');
    expect((await app.ledger('token.issued')).at(-1)?.payload['ceiling']).toBeNull();
    const key = await app.newApiKey(['token.issue'], { ceiling: MODERATOR_CEILING });
    expect(readBound(claimsOf(await issued(key)))).toEqual(bound);
  });

  it('opens what the issuer could have given, whatever it was for', async () => {
    const token = await issued(moderator);
    await becomes('presenter');
    expect(await check(token)).toBe('proved');
  });

  it('opens nothing above it, not as a refreshed one either, and one of an admin does', async () => {
    const token = await issued(moderator);
    const refreshed = await admitted(token);
    expect(await check(refreshed)).toBe('proved');
    await becomes('host');
    expect(await check(token)).toBe('gate.above_issuer_ceiling');
    expect(await check(refreshed)).toBe('gate.above_issuer_ceiling');
    const good = await issued(app.admin);
    expect(await check(good)).toBe('proved');
    await admitted(good);
    expect(await check(refreshed)).toBe('gate.above_issuer_ceiling');
  });

  it('keeps opening no more when its issuer is gone', async () => {
    const leaving = await app.newOperator([{ role: 'moderator' }]);
    const token = await issued(leaving);
    await app.sql('UPDATE operator SET is_disabled = true WHERE id = $1', [leaving.id]);
    await becomes('host');
    expect(await check(token)).toBe('gate.above_issuer_ceiling');
  });

  it('proves nobody at the participants’ routes either, and that is in the ledger', async () => {
    const token = await issued(moderator);
    await becomes('host');
    const headers = { authorization: `Bearer ${token}` };
    const url = `/api/v1/rooms/${room}/stage/me/raise`;
    const answer = await app.inject('POST', url, { headers, body: {} });
    expect([answer.status, answer.body.code]).toEqual([403, 'gate.above_issuer_ceiling']);
    expect((await app.ledger('access.refused')).at(-1)).toMatchObject({
      room,
      identity: boss.identity,
      payload: { refusal: 'gate.above_issuer_ceiling' },
    });
  });
});

describe('a connection by such a token', () => {
  it('gets no more of a new role than the ceiling has, until another token lets them in', async () => {
    await admitted(await issued(moderator));
    await becomes('host');
    expect(await desired()).toMatchObject({
      template: 'host',
      canPublish: true,
      canUpdateMetadata: false,
      beyond: expect.arrayContaining(['canUpdateOwnMetadata', 'canManageAgentSession']),
    });
    await admitted(await issued(app.admin));
    expect(await desired()).toMatchObject({ canUpdateMetadata: true, beyond: [] });
  });

  it('gets what an admin gives the one who is there, and keeps it when it reconnects', async () => {
    const token = await issued(moderator);
    const refreshed = await admitted(token);
    expect((await promoted('host')).status).toBe(200);
    expect(await desired()).toMatchObject({ canUpdateMetadata: true, beyond: [] });
    await leaves();
    expect(await check(refreshed)).toBe('proved');
    // The issuer may hold a copy of this one.
    expect(await check(token)).toBe('gate.above_issuer_ceiling');
  });

  it('has no part in what was given while it was away, or to another connection', async () => {
    const token = await issued(moderator);
    const refreshed = await admitted(token);
    await leaves();
    expect((await promoted('host')).status).toBe(200);
    expect(await check(refreshed)).toBe('gate.above_issuer_ceiling');
    await admitted(await issued(app.admin));
    expect(await check(refreshed)).toBe('gate.above_issuer_ceiling');
  });

  it('has no part in a role that comes with somebody else’s token', async () => {
    await admitted(await issued(moderator));
    const body = { room, identity: boss.identity, template: 'host' };
    const good = await app.inject('POST', '/api/v1/tokens', { as: app.admin, body });
    expect(good.status).toBe(201);
    expect(await desired()).toMatchObject({ template: 'host', canUpdateMetadata: false });
    expect(await check(good.body.token)).toBe('proved');
  });

  it('is written down once, and a connection without a ceiling never', async () => {
    const rows = () => app.sql('SELECT admitted FROM seat WHERE room = $1', [room]);
    await admitted(await issued(app.admin));
    expect(await rows()).toEqual([{ admitted: null }]);
    const refreshed = await admitted(await issued(moderator));
    const [first] = await rows();
    expect(first?.['admitted']).toMatchObject({ id: expect.any(String) });
    await admitted(refreshed);
    expect(await rows()).toEqual([first]);
  });
});

describe('an invitation to more than a connection’s token covers', () => {
  const invited = () =>
    app.inject('POST', `/api/v1/rooms/${room}/seats/${boss.identity}/invite`, {
      as: app.admin,
      body: { template: 'host' },
    });
  const accepts = async (token: string) => {
    const headers = { authorization: `Bearer ${token}` };
    const url = `/api/v1/rooms/${room}/stage/me/accept`;
    return (await app.inject('POST', url, { headers, body: {} })).body.code ?? 'accepted';
  };

  it('is not for one that came after it', async () => {
    await admitted(await issued(app.admin));
    expect((await invited()).status).toBeLessThan(300);
    const refreshed = await admitted(await issued(moderator));
    expect(await accepts(refreshed)).toBe('gate.above_issuer_ceiling');
    expect(await desired()).toMatchObject({ template: 'viewer' });
    // Whoever is seen there may be invited.
    expect((await invited()).status).toBeLessThan(300);
    expect(await accepts(refreshed)).toBe('accepted');
    expect(await desired()).toMatchObject({ template: 'host', beyond: [] });
  });
});

describe('a token of another connection', () => {
  const isOfLast = async (token: string) => {
    const proof = await proofs().check(token);
    return proof.kind === 'proved' && proof.isOfLastConnection;
  };

  it('is known as such, whoever it is of', async () => {
    const own = await issued(app.admin);
    await admitted(own);
    const others = await issued(moderator);
    expect([await isOfLast(own), await isOfLast(others)]).toEqual([true, false]);
    const refreshed = await admitted(others);
    expect([await isOfLast(own), await isOfLast(others)]).toEqual([false, false]);
    expect(await isOfLast(refreshed)).toBe(true);
    const later = await admitted(await issued(moderator));
    expect([await isOfLast(refreshed), await isOfLast(later)]).toEqual([false, true]);
  });
});
