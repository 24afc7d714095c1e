import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { TokenSigner } from '../livekit/signer.js';
import { newTokenId } from '../common/token-id.js';

const SECRET = 'a-secret-of-the-proxy';
let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({
    environment: {
      ROLECALL_GATE: 'off',
      ROLECALL_GATE_SECRET: SECRET,
      ROLECALL_SWEEP: '10m',
      LIVEKIT_API_KEY: 'APIdue',
      LIVEKIT_API_SECRET: 'a-secret-that-is-long-enough-to-use',
    },
  });
});
afterAll(() => app.stop());

/** A host by standing policy, demoted, with a lease on top that is over and not ended yet. */
async function lent(): Promise<{ room: string; identity: string }> {
  const room = await app.newRoom({ default_template: 'host' });
  const { identity } = await app.newUser();
  const act = (action: string, body: object) =>
    app.inject('POST', `/api/v1/rooms/${room}/seats/${identity}/${action}`, {
      as: app.admin,
      body,
    });
  expect((await act('demote', { template: 'viewer' })).status).toBe(200);
  expect((await act('promote', { template: 'speaker', for: '1h' })).status).toBe(200);
  await app.sql(
    `UPDATE seat SET override_until = now() - interval '1 second', last_issued_at = now()
     WHERE room = $1`,
    [room],
  );
  return { room, identity };
}

function knock({ room, identity }: { room: string; identity: string }) {
  const now = Math.floor(Date.now() / 1_000);
  const token = new TokenSigner(app.config.livekit).sign({
    iat: now,
    nbf: now,
    exp: now + 600,
    jti: newTokenId(new Date()),
    sub: identity,
    video: { roomJoin: true, room },
  });
  const headers = {
    'x-original-uri': `/rtc?access_token=${token}`,
    'x-rolecall-gate-secret': SECRET,
  };
  return app.inject('GET', '/livekit/gate', { headers });
}

describe('between the end of a lease and what comes back with it', () => {
  it('nobody comes in with more: the end is written first', async () => {
    const who = await lent();
    const answer = await knock(who);
    expect(answer.status).toBe(200);
    const [, payload = ''] = String(answer.headers['authorization']).split('.');
    const { video } = JSON.parse(Buffer.from(payload, 'base64url').toString());
    expect(video).toMatchObject({ canPublish: false });
    const entries = (await app.ledger()).filter(({ room }) => room === who.room);
    expect(entries.find(({ kind }) => kind === 'gate.admitted')?.payload.template).toBe('viewer');
    expect(entries.some(({ kind }) => kind === 'seat.lease_ended')).toBe(true);
  });

  it('no token is issued with more either', async () => {
    const body = await lent();
    const issued = await app.inject('POST', '/api/v1/tokens', { as: app.admin, body });
    expect(issued).toMatchObject({ status: 201, body: { template: 'viewer' } });
  });

  it('nobody comes in at all while it cannot be written', async () => {
    const who = await lent();
    await app.database.asOwner(
      `CREATE FUNCTION stay_due() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
         RAISE EXCEPTION 'stuck'; END $$`,
      `CREATE TRIGGER tr_stay_due BEFORE UPDATE ON seat FOR EACH ROW
         WHEN (NEW.room = '${who.room}' AND NEW.epoch > OLD.epoch) EXECUTE FUNCTION stay_due()`,
    );
    try {
      expect((await knock(who)).status).toBe(503);
    } finally {
      await app.database.asOwner('DROP TRIGGER tr_stay_due ON seat');
    }
  });
});
