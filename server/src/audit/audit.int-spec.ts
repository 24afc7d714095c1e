import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { LedgerWorld } from '../../test/support/ledger-world.js';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { SYSTEM_ACTOR } from '../actor/actor.js';
import { challengeLedger } from '../ledger-command.js';
import { LedgerService } from '../ledger/ledger.service.js';

describe('what an auditor asks of the log', () => {
  let app: TestApp;
  let backend: Credential;
  let auditor: Credential;

  beforeAll(async () => {
    app = await startTestApp();
    backend = await app.newApiKey(['token.issue', 'token.issue_as', 'token.preview']);
    auditor = await app.newOperator([{ role: 'auditor' }]);
    for (const name of ['town-hall', 'town-square', 'lab']) {
      await send('POST', '/api/v1/rooms', { name, defaultTemplate: 'viewer' });
    }
    await send('POST', '/api/v1/users', { identity: 'ana' });
    await send('POST', '/api/v1/users', { identity: 'ben', name: 'Ben Diaz' });
  });
  afterAll(() => app?.stop());

  async function send(method: string, url: string, body: object = {}, as = app.admin) {
    const answer = await app.inject<Json>(method, url, { as, body });
    expect([url, answer.status, answer.text]).toEqual([url, expect.anything(), expect.anything()]);
    return answer;
  }
  const issue = async (room: string, identity: string, more: object = {}, as = backend) => {
    const { status, body } = await send('POST', '/api/v1/tokens', { room, identity, ...more }, as);
    expect(status).toBe(201);
    return body;
  };
  const exposure = async (query: Record<string, string> = {}, as = auditor) => {
    const { status, body } = await app.inject<Json>(
      'GET',
      `/api/v1/exposure?${new URLSearchParams(query)}`,
      { as },
    );
    return { status, ...body };
  };
  const until = ({ expiresAt }: Json) => new Date(Date.parse(expiresAt) + 60_000).toISOString();

  it('lists who could still come in, as what and until when, and what revoking would take', async () => {
    const first = await issue('town-hall', 'ana', { ttl: 120 });
    const second = await issue('town-square', 'ana', { ttl: 600 }, app.admin);
    const other = await issue('town-hall', 'ben', { ttl: 300, template: 'speaker' });

    const all = await exposure({ limit: '2' });
    expect(all).toMatchObject({
      status: 200,
      horizon: until(second),
      isPartial: false,
      counts: { tokens: 3, sessions: 0, stopped: 0 },
      pageInfo: { next: '2', prev: null },
    });
    expect(all.data).toMatchObject([
      { room: 'town-square', identity: 'ana', template: 'viewer', jti: second.jti },
      {
        room: 'town-hall',
        identity: 'ben',
        name: 'Ben Diaz',
        template: 'speaker',
        source: 'issued',
        jti: other.jti,
        refreshed: false,
        until: until(other),
        issuer: { kind: 'api_key', id: backend.id },
      },
    ]);
    const rest = await exposure({ limit: '2', cursor: '2' });
    expect(rest.data.map(({ jti }: Json) => jti)).toEqual([first.jti]);

    // It becomes less by itself: all three now, one in the end.
    expect(all.bars[0]).toMatchObject({ tokens: 3, sessions: 0 });
    expect(all.bars.at(-1)).toMatchObject({ tokens: 1 });
    const later = await exposure({ openAt: all.bars.at(-1).at });
    expect(later.data.map(({ jti }: Json) => jti)).toEqual([second.jti]);

    const jtisOf = async (query: Record<string, string>) =>
      (await exposure(query)).data.map(({ jti }: Json) => jti);
    expect(await jtisOf({ identity: 'ben' })).toEqual([other.jti]);
    expect(await jtisOf({ template: 'speaker' })).toEqual([other.jti]);
    expect(await jtisOf({ issuer: backend.id })).toEqual([other.jti, first.jti]);
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['town-s*'] }]);
    expect((await exposure({}, limited)).data.map(({ room }: Json) => room)).toEqual([
      'town-square',
    ]);
    expect((await exposure({}, backend)).status).toBe(403);

    const preview = await exposure({ identity: 'ana', room: 'town-hall', revoke: 'block' });
    expect(preview.revoking).toMatchObject({ tokens: 1, sessions: 0, left: 0 });
    expect((await exposure({ revoke: 'suspend', identity: 'ana' })).revoking.tokens).toBe(2);
    expect(await exposure({ revoke: 'close_room' })).toMatchObject({
      status: 400,
      errors: { room: expect.any(String) },
    });
    // Nothing was done by asking.
    expect((await exposure()).counts.tokens).toBe(3);
  });

  it('counts what policy stops as stopped, and says why', async () => {
    await issue('lab', 'ana');
    await issue('lab', 'ben');
    await send('POST', '/api/v1/rooms/lab/seats/ana/block', { reason: 'noise' });
    await send('POST', '/api/v1/rooms/lab/seats/ben/void-tokens');
    expect(await exposure({ room: 'lab' })).toMatchObject({
      data: [],
      horizon: null,
      counts: { tokens: 0, stopped: 2 },
    });
    const { data } = await exposure({ room: 'lab', stopped: 'true' });
    expect(
      data.map(({ identity, entrance }: Json) => [identity, entrance.code]).toSorted(),
    ).toEqual([
      ['ana', 'seat.blocked'],
      ['ben', 'token.voided'],
    ]);
    const again = await issue('lab', 'ben');
    expect((await exposure({ room: 'lab' })).data).toMatchObject([{ jti: again.jti }]);
  });

  it('answers as of an instant, compares two, and needs the right to read the log', async () => {
    const [{ now }] = (await app.sql('SELECT now()')) as [{ now: Date }];
    const of = { room: 'town-hall', identity: 'cleo' };
    await send('POST', '/api/v1/users', { identity: 'cleo' });
    const before = (await explain(of)).body;
    await send('POST', '/api/v1/rooms/town-hall/close', { reason: 'over' });
    const { status, body } = await explain({
      ...of,
      at: before.at,
      compareAt: (await explain(of)).body.at,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      verdict: 'allow',
      template: 'viewer',
      entrance: { canComeIn: true },
      log: { isComplete: true, gaps: [] },
      compared: { verdict: 'refuse', code: 'room.closed', entrance: { canComeIn: false } },
    });
    expect(body.compared.differences).toContain('They could come in no longer.');
    await send('POST', '/api/v1/rooms/town-hall/open');

    // Before the user was added, and before the room was.
    expect((await explain({ ...of, at: now.toISOString() })).body).toMatchObject({
      isKnown: false,
    });
    const longAgo = await explain({ ...of, at: '2020-01-01T00:00:00Z' });
    expect(longAgo.body).toMatchObject({ verdict: 'refuse', code: 'room.not_found' });
    const future = await explain({ ...of, at: new Date(Date.now() + 60_000).toISOString() });
    expect(future.body).toMatchObject({ status: 400, errors: { at: expect.any(String) } });
    const moderator = await app.newOperator([{ role: 'moderator' }]);
    expect((await explain({ ...of, at: before.at }, moderator)).status).toBe(403);
    expect((await explain(of, moderator)).status).toBe(200);
    const elsewhere = { role: 'auditor', rooms: ['lab'] };
    const both = await app.newOperator([{ role: 'moderator' }, elsewhere]);
    expect((await explain({ ...of, at: before.at }, both)).status).toBe(403);
  });

  it('says what it does not know: before full entries, and what was erased', async () => {
    const of = { room: 'town-square', identity: 'dora' };
    await send('POST', '/api/v1/users', { identity: 'dora' });
    await send('POST', '/api/v1/rooms/town-square/seats/dora/block');
    const { at } = (await explain(of)).body;
    await new LedgerWorld(app).tamper(
      `UPDATE ledger_entry SET identity = NULL, personal = NULL, subject_salt = NULL,
         subject_commitment = '\\x00' WHERE identity = 'dora'`,
      `UPDATE installation SET policy_logged_since = now()`,
    );
    const { log } = (await explain({ ...of, at })).body;
    expect(log.isComplete).toBe(false);
    expect(log.gaps.map(({ code }: Json) => code)).toEqual(['before_full_entries', 'erased']);
    await app.sql('UPDATE installation SET policy_logged_since = NULL');
    // Of somebody whom the log knows, nothing was erased.
    expect((await explain({ ...of, identity: 'ana', at })).body.log.isComplete).toBe(true);
  });

  it('decides random entries again, and finds the one that was changed', async () => {
    await send('POST', '/api/v1/rooms/town-hall/seats/ben/block');
    await send('POST', '/api/v1/tokens', { room: 'town-hall', identity: 'ben' }, backend);
    await send('POST', '/api/v1/tokens', { room: 'nowhere', identity: 'ben' }, backend);
    const challenge = () => send('POST', '/api/v1/ledger/challenge', { n: 200 }, auditor);
    const { status, body } = await challenge();
    expect(status).toBe(200);
    expect(body.counts).toMatchObject({ deviates: 0, explained: 0 });
    expect(body.counts.agrees).toBeGreaterThan(6);
    const kinds = new Set(body.data.map(({ kind }: Json) => kind));
    expect([...kinds].toSorted()).toEqual(['token.issued', 'token.refused']);

    const { issuanceId } = await issue('town-square', 'ana');
    const [, , seq] = issuanceId.split('-');
    await new LedgerWorld(app).tamper(
      `UPDATE ledger_entry SET payload = replace(payload::text, '"template":"viewer"', '"template":"host"')::json
       WHERE kind = 'token.issued' AND identity = 'ana' AND seq = ${seq} AND room = 'town-square'`,
    );
    const again = (await challenge()).body;
    expect(again.counts.deviates).toBe(1);
    // The command line exits with 1, and names it.
    const printed = jest.spyOn(console, 'log').mockImplementation(() => undefined);
    const code = await challengeLedger(app.app, SYSTEM_ACTOR, { n: 200 });
    expect([code, printed.mock.calls.flat().join()]).toEqual([
      1,
      expect.stringContaining(issuanceId),
    ]);
    printed.mockRestore();
    expect(again.data.find(({ outcome }: Json) => outcome === 'deviates')).toMatchObject({
      id: issuanceId,
      then: { template: 'host' },
      again: { template: 'viewer' },
    });
    const entries = await app.ledger('ledger.challenged');
    expect(entries.at(-2)).toMatchObject({
      actor_id: auditor.id,
      payload: { asked: 200, deviates: 1, deviations: [issuanceId] },
    });
  });

  it('names the tokens that lived where no gate saw a connect', async () => {
    const { jti } = await issue('town-hall', 'cleo');
    const ledger = app.app.get(LedgerService);
    const write = (kind: 'room.started' | 'participant.joined' | 'room.finished', more: object) =>
      ledger.appendDurably({
        kind,
        outcome: 'ok',
        actor: SYSTEM_ACTOR,
        room: 'town-hall',
        payload: { roomSid: 'RM_1', sid: 'PA_1' },
        ...more,
      });
    await write('room.started', {});
    await write('participant.joined', { identity: 'cleo' });
    await write('room.finished', {});
    const { body } = await app.inject<Json>('GET', '/api/v1/rooms/town-hall/sessions', {
      as: auditor,
    });
    expect(body.data).toMatchObject([
      {
        roomSid: 'RM_1',
        isRunning: false,
        isPartial: false,
        connections: [
          {
            identity: 'cleo',
            sid: 'PA_1',
            lineage: { through: 'unknown', jti: null, candidates: [jti] },
          },
        ],
      },
    ]);
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['lab'] }]);
    const hidden = await app.inject('GET', '/api/v1/rooms/town-hall/sessions', { as: limited });
    expect(hidden.status).toBe(404);
  });

  function explain(query: Record<string, string>, as = auditor) {
    return app.inject<Json>('GET', `/api/v1/explain?${new URLSearchParams(query)}`, { as });
  }
});
