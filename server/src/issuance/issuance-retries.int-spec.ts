import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { claimsOf, type IssuingApp, startIssuingApp } from '../../test/support/issuing-app.js';
import type { Credential } from '../../test/support/test-app.js';

let app: IssuingApp['app'];
let backend: IssuingApp['backend'];
let issue: IssuingApp['issue'];
let newScene: IssuingApp['newScene'];
let entriesOf: IssuingApp['entriesOf'];

beforeAll(async () => {
  ({ app, backend, issue, newScene, entriesOf } = await startIssuingApp());
});
afterAll(() => app?.stop());

describe('the same request again, with its Idempotency-Key', () => {
  it('gets the same token and makes no second entry, and the token is not kept', async () => {
    const { room, identity } = await newScene();
    const key = { 'idempotency-key': 'one-and-the-same' };
    const first = await issue({ room, identity }, backend, key);
    const again = await issue({ room, identity }, backend, key);
    expect([again.status, again.body]).toEqual([201, first.body]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await entriesOf('token.issued', identity)).toHaveLength(1);
    const stored = await app.sql('SELECT k::text AS row FROM idempotency_key k');
    expect(JSON.stringify(stored)).not.toContain(first.body.token.split('.')[2]);

    const other = await issue({ room, identity, ttl: 60 }, backend, key);
    expect([other.status, other.body.code]).toEqual([422, 'idempotency.other_request']);
    const stranger = await app.newApiKey(['token.issue']);
    const theirs = await issue({ room, identity }, stranger, key);
    expect(theirs.body.jti).not.toBe(first.body.jti);
  });

  it('works once, however many come at the same moment', async () => {
    const { room, identity } = await newScene();
    const key = { 'idempotency-key': 'all-at-once' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => issue({ room, identity }, backend, key)),
    );
    const tokens = answers.filter(({ status }) => status === 201).map(({ body }) => body.token);
    expect(new Set(tokens).size).toBe(1);
    for (const { status, body } of answers) {
      if (status !== 201) expect([status, body.code]).toEqual([409, 'idempotency.in_progress']);
    }
    expect(await entriesOf('token.issued', identity)).toHaveLength(1);
  });

  it('is tried again after a failure', async () => {
    const { room, identity, user } = await newScene();
    const key = { 'idempotency-key': 'failed-first' };
    await app.sql('UPDATE app_user SET is_suspended = true WHERE id = $1', [user]);
    expect((await issue({ room, identity }, backend, key)).status).toBe(403);
    await app.sql('UPDATE app_user SET is_suspended = false WHERE id = $1', [user]);
    expect((await issue({ room, identity }, backend, key)).status).toBe(201);
  });

  it('is decided again: who may not have the token or give it now, does not get it', async () => {
    const { room, identity, user } = await newScene();
    const operator = await app.newOperator([{ role: 'admin', rooms: [room] }]);
    const key = { 'idempotency-key': 'decided-again' };
    const again = async (as: Credential) => {
      const { status, body } = await issue({ room, identity }, as, key);
      return [status, body.code ?? 'issued', body.token !== undefined];
    };
    for (const as of [operator, backend]) expect(await again(as)).toEqual([201, 'issued', true]);
    const refused = [403, 'token.refused', false];
    const suspend = (is: boolean) =>
      app.sql('UPDATE app_user SET is_suspended = $2 WHERE id = $1', [user, is]);
    await suspend(true);
    expect(await again(backend)).toEqual(refused);
    expect((await entriesOf('token.refused', identity)).at(-1)?.payload).toMatchObject({
      code: 'user.suspended',
      isReplay: true,
    });
    await suspend(false);
    expect(await again(backend)).toEqual([201, 'issued', true]);

    const { id } = operator;
    await app.sql(`UPDATE operator_access SET rooms = '{elsewhere}' WHERE operator_id = $1`, [id]);
    expect(await again(operator)).toEqual(refused);
    await app.sql('UPDATE operator SET is_disabled = true WHERE id = $1', [id]);
    expect((await again(operator))[0]).toBe(401);
    await app.inject('POST', `/api/v1/rooms/${room}/void-tokens`, { as: app.admin, body: {} });
    expect(await again(backend)).toEqual(refused);
  });

  it('gets no token of claims that somebody put into the table', async () => {
    const { room, identity } = await newScene();
    const key = { 'idempotency-key': 'forged' };
    const first = await issue({ room, identity }, backend, key);
    const claims = claimsOf(first.body.token);
    const again = async (forged: object) => {
      const set = `jsonb_set(response, '{token,claims}', to_jsonb($1::text))`;
      const text = JSON.stringify({ ...claims, ...forged });
      await app.sql(`UPDATE idempotency_key SET response = ${set} WHERE key = 'forged'`, [text]);
      const { status, body } = await issue({ room, identity }, backend, key);
      return [status, body.code ?? 'issued', body.token];
    };
    const refused = [403, 'token.refused', undefined];
    expect(await again({ video: { roomCreate: true, roomList: true } })).toEqual(refused);
    expect(await again({ video: { ...claims.video, roomAdmin: true } })).toEqual(refused);
    expect((await app.ledger('token.refused')).at(-1)).toMatchObject({
      actor_id: backend.id,
      payload: { code: 'idempotency.unproved', isReplay: true },
    });
    expect(await again({})).toEqual([201, 'issued', first.body.token]);

    await app.sql(`UPDATE idempotency_key SET response = response #- '{token,proof}'`);
    expect((await issue({ room, identity }, backend, key)).status).toBe(403);
  });

  it('takes the place of one whose server died, and only one of many does', async () => {
    const { room, identity } = await newScene();
    const key = { 'idempotency-key': 'died' };
    const first = await issue({ room, identity }, backend, key);
    await app.sql(
      `UPDATE idempotency_key SET status = NULL, response = NULL, created_at = now() - interval '2 minutes'
       WHERE key = 'died'`,
    );
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => issue({ room, identity }, backend, key)),
    );
    expect(answers.map(({ status }) => status)).toContain(201);
    expect(await entriesOf('token.issued', identity)).toHaveLength(2);
    expect(answers.find(({ status }) => status === 201)!.body.jti).not.toBe(first.body.jti);
  });
});
