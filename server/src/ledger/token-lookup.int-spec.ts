import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';

describe('looking a token up', () => {
  let app: TestApp;
  let issued: Json;

  beforeAll(async () => {
    app = await startTestApp();
    const room = await app.newRoom({ name: 'town-hall' });
    const { identity } = await app.newUser();
    await app.inject('PUT', `/api/v1/rooms/${room}`, {
      as: app.admin,
      body: { defaultTemplate: 'viewer' },
    });
    const answer = await app.inject<Json>('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room, identity },
    });
    expect(answer.status).toBe(201);
    issued = answer.body;
  });
  afterAll(() => app.stop());

  const lookup = (body: object, as = app.admin) =>
    app.inject<Json>('POST', '/api/v1/issuances/lookup', { as, body });
  const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');

  it('answers the hash of the leaf with the token', async () => {
    const [row] = await app.sql<{ hash: string }>(
      `SELECT encode(leaf_hash, 'hex') AS hash FROM ledger_entry WHERE kind = 'token.issued'`,
    );
    expect(issued.leafHash).toBe(row?.hash);
  });

  it('finds its entry by the hash of the token, and by its id', async () => {
    for (const body of [
      { tokenHash: hashOf(issued.token) },
      { tokenHash: hashOf(issued.token).toUpperCase() },
      { jti: issued.jti },
    ]) {
      const answer = await lookup(body);
      expect([body, answer.status]).toEqual([body, 200]);
      expect(answer.body).toMatchObject({
        id: issued.issuanceId,
        jti: issued.jti,
        identity: issued.identity,
      });
    }
  });

  it.each([
    { tokenHash: 'ab'.repeat(32) },
    { jti: '01900000-0000-7000-8000-000000000000' },
    { jti: 'f3b1c9a4-6f0e-4d7e-9a55-0d4f3e1f7b11' },
  ])('does not find %j', async (body) => {
    const { status, body: problem } = await lookup(body);
    expect([status, problem.code]).toEqual([404, 'ledger.not_found']);
  });

  it.each([
    [{}, 'tokenHash'],
    [{ tokenHash: 'ab'.repeat(32), jti: '01900000-0000-7000-8000-000000000000' }, 'tokenHash'],
    [{ tokenHash: 'short' }, 'tokenHash'],
    [{ jti: '%' }, 'jti'],
    [{ jti: '01900000-0000-7000-8000-000000000000', token: 'eyJ' }, 'token'],
  ])('refuses %j', async (body, field) => {
    const { status, body: problem } = await lookup(body);
    expect([status, Object.keys(problem.errors)]).toEqual([400, [field]]);
  });

  it('holds a room limit, and asks for ledger.read', async () => {
    const near = await app.newOperator([{ role: 'auditor', rooms: ['town-*'] }]);
    const far = await app.newOperator([{ role: 'auditor', rooms: ['city-*'] }]);
    const key = await app.newApiKey(['token.issue']);
    const statuses = [near, far, key].map(
      async (as) => (await lookup({ jti: issued.jti }, as)).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 404, 403]);
  });
});
