import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../../test/support/test-app.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { newTokenId } from '../../common/token-id.js';
import { LedgerService } from '../../ledger/ledger.service.js';

jest.setTimeout(60_000);

describe('did we issue this token', () => {
  let app: TestApp;
  let auditor: Credential;
  let room: string;
  let identity: string;

  beforeAll(async () => {
    app = await startTestApp();
    auditor = await app.newOperator([{ role: 'auditor' }]);
    room = await app.newRoom({ name: 'town-hall', default_template: 'speaker' });
    ({ identity } = await app.newUser({ name: 'Omar Haddad' }));
  });
  afterAll(() => app?.stop());

  const ask = async (body: object, as = auditor) => {
    const { status, body: answer } = await app.inject<Json>('POST', '/api/v1/ledger/recognize', {
      as,
      body,
    });
    return { status, ...answer };
  };
  const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
  const issue = async (whom = identity): Promise<Json> => {
    const { status, body } = await app.inject<Json>('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room, identity: whom, reason: 'for the panel' },
    });
    expect(status).toBe(201);
    return body;
  };

  it('says by whom, for whom, why, and what it is good for now', async () => {
    const { token, jti, issuanceId } = await issue();
    await app.app.get(LedgerService).appendDurably({
      kind: 'gate.admitted',
      outcome: 'ok',
      actor: { ...SYSTEM_ACTOR, label: 'Gate', ip: '203.0.113.7', requestId: null },
      room,
      identity,
      payload: { jti, issuedJti: jti },
    });
    for (const body of [
      { tokenHash: hashOf(token) },
      { tokenHash: hashOf(token).toUpperCase() },
      { jti },
    ]) {
      expect(await ask(body)).toMatchObject({
        status: 200,
        isIssued: true,
        by: 'jti' in body ? 'jti' : 'hash',
        text: expect.stringMatching(
          /issued it for Omar Haddad in town-hall as Speaker .* It is living\./,
        ),
        issuance: { id: issuanceId, reason: 'for the panel', because: expect.any(Array) },
        people: { issuer: { id: app.admin.id }, subject: { identity, name: 'Omar Haddad' } },
        role: { key: 'speaker', color: expect.any(String) },
        state: 'living',
        voidedAt: null,
        uses: [{ outcome: 'ok', ip: '203.0.113.7' }],
        now: {
          entrance: { canComeIn: true },
          role: { key: 'speaker' },
          grants: expect.arrayContaining(['joins the room']),
        },
      });
    }
  });

  it('decides by policy as it is now, and knows what was revoked or has expired', async () => {
    const { identity: blocked } = await app.newUser();
    const { jti } = await issue(blocked);
    const path = `/api/v1/rooms/${room}/seats/${blocked}`;
    const act = (what: string) =>
      app.inject('POST', `${path}/${what}`, { as: app.admin, body: {} });
    expect((await act('block')).status).toBe(200);
    expect(await ask({ jti })).toMatchObject({
      state: 'living',
      now: { entrance: { canComeIn: false, code: 'seat.blocked' }, role: null, grants: [] },
    });
    expect((await act('unblock')).status).toBe(200);
    expect((await act('void-tokens')).status).toBeLessThan(300);
    expect(await ask({ jti })).toMatchObject({
      state: 'voided',
      voidedAt: expect.any(String),
      now: { entrance: { canComeIn: false, code: 'token.voided' } },
    });
    const old = newTokenId(new Date());
    const fresh = (await issue()).issuanceId;
    const entry = await app.inject<Json>('GET', `/api/v1/ledger/${fresh}`, { as: auditor });
    const { payload } = entry.body;
    await app.app.get(LedgerService).appendDurably({
      kind: 'token.issued',
      outcome: 'ok',
      actor: SYSTEM_ACTOR,
      room,
      identity,
      payload: { ...payload, jti: old, expiresAt: '2026-01-01T00:00:00.000Z' },
    });
    expect(await ask({ jti: old })).toMatchObject({
      state: 'expired',
      now: { entrance: { canComeIn: false, code: 'token.expired' }, role: null },
    });
  });

  it.each([
    { tokenHash: 'ab'.repeat(32) },
    { jti: '01900000-0000-7000-8000-000000000000' },
    { jti: 'f3b1c9a4-6f0e-4d7e-9a55-0d4f3e1f7b11' },
  ])('answers that it did not issue %j', async (body) => {
    expect(await ask(body)).toMatchObject({
      status: 200,
      isIssued: false,
      state: 'not_issued',
      issuance: null,
      now: null,
    });
  });

  it('takes no token, in whatever field, and repeats none', async () => {
    const { token } = await issue();
    for (const [field, text] of [
      ['tokenHash', token],
      ['jti', token],
      ['tokenHash', ` Bearer ${token}`],
    ] as const) {
      const {
        status,
        body,
        text: whole,
      } = await app.inject<Json>('POST', '/api/v1/ledger/recognize', {
        as: auditor,
        body: { [field]: text },
      });
      expect([field, status]).toEqual([field, 400]);
      expect(body.errors[field]).toContain('is a whole token: send only its SHA-256 or its jti');
      expect(whole).not.toContain(token.slice(0, 30));
    }
    const extra = await ask({ jti: '01900000-0000-7000-8000-000000000000', token });
    expect([extra.status, Object.keys(extra.errors)]).toEqual([400, ['token']]);
    const rows = await app.sql<{ all: string }>(
      `SELECT concat(payload, personal) AS all FROM ledger_entry WHERE kind = 'ledger.read'`,
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ all }) => all.includes(hashOf(token)) || all.includes('eyJ'))).toEqual(
      [],
    );
  });

  it('holds a room limit, and asks for ledger.read', async () => {
    const { jti } = await issue();
    const near = await app.newOperator([{ role: 'auditor', rooms: ['town-*'] }]);
    const far = await app.newOperator([{ role: 'auditor', rooms: ['city-*'] }]);
    const key = await app.newApiKey(['token.issue']);
    expect((await ask({ jti }, near)).isIssued).toBe(true);
    expect((await ask({ jti }, far)).isIssued).toBe(false);
    expect((await ask({ jti }, key)).status).toBe(403);
  });
});
