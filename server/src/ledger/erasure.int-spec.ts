import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Json, startTestApp, type TestApp } from '../../test/support/test-app.js';
import { Actor, SYSTEM_ACTOR } from '../actor/actor.js';
import { leafHash } from './leaf.js';
import { type Erasure, LedgerEraser } from './ledger-eraser.js';
import type { LedgerEntryInput } from './ledger-entry.js';
import { LedgerService } from './ledger.service.js';
import { PersonEraser } from './person-eraser.js';
import { STORED_COLUMNS, type StoredRow, toStoredEntry } from './stored-entry.js';

const BY = new Actor('system', null, 'command line (ops)', SYSTEM_ACTOR.holds);
const key = { kind: 'api_key', id: 'key-1', label: 'backend', ip: '10.0.0.1' } as const;

/** What the ledger says of somebody called by `name`, as participant and as operator. */
function entriesAbout(name: string): LedgerEntryInput[] {
  const participant = {
    kind: 'participant',
    id: name,
    label: name,
    ip: `${name}-address`,
  } as const;
  const operator = { kind: 'operator', id: `${name}-id`, label: `${name}@example.org` } as const;
  const about = { outcome: 'ok', room: 'hall', identity: name } as const;
  return [
    { ...about, kind: 'token.issued', actor: key, payload: { jti: 'j', claims: { sub: name } } },
    {
      ...about,
      kind: 'token.issued',
      actor: { kind: 'operator', id: 'other-id', label: 'other@example.org' },
      identity: 'watcher',
      payload: { source: 'peek', peeksAt: name, claims: { sub: 'watcher' } },
    },
    {
      ...about,
      kind: 'gate.admitted',
      actor: { kind: 'system', id: null, label: 'Gate', ip: `${name}-address` },
      payload: { path: '/rtc', because: [{ text: `${name} is a host` }] },
    },
    { ...about, kind: 'stage.hand_raised', actor: participant, payload: { note: `I am ${name}` } },
    {
      ...about,
      kind: 'seat.promoted',
      outcome: 'intent',
      actor: { kind: 'operator', id: 'other-id', label: 'other@example.org' },
      reason: `${name} asked`,
      payload: { operationId: 'op' },
    },
    { ...about, identity: null, kind: 'room.opened', actor: operator, payload: {} },
    {
      ...about,
      room: null,
      identity: null,
      kind: 'operator.created',
      actor: { kind: 'system', id: null, label: 'Rolecall' },
      payload: { operator: `${name}-id`, email: `${name}@example.org`, access: [] },
    },
    {
      ...about,
      identity: null,
      kind: 'scene.entered',
      actor: operator,
      reason: `${name} says so`,
      payload: { operationId: 'op', scene: { name: 'Lock', by: `${name}@example.org` } },
    },
  ];
}

describe('erasing a person', () => {
  let app: TestApp;
  let hashes: Map<string, string>;

  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  const append = (entries: LedgerEntryInput[]) =>
    Promise.all(entries.map((entry) => app.app.get(LedgerService).appendDurably(entry)));
  const erase = (erasure: Partial<Erasure>, url = app.database.ownerUrl) =>
    app.app
      .get(LedgerEraser)
      .erase(url, BY, { of: 'identity', id: 'nobody', before: null, ...erasure })
      .then(({ names: _names, ...counts }) => counts);
  const stored = () =>
    app.sql<StoredRow>(`SELECT ${STORED_COLUMNS} FROM ledger_entry ORDER BY at, shard, seq`);
  /** Everything that the table says, whatever the column. */
  const everything = async () =>
    (await app.sql<{ text: string }>('SELECT e::text AS text FROM ledger_entry e')).map(
      ({ text }) => text,
    );
  const placeOf = ({ shard, seq }: StoredRow) => `${shard}/${seq}`;

  async function expectAllLeavesHold(): Promise<void> {
    for (const row of await stored()) {
      const hash = row.leaf_hash?.toString('hex');
      expect([row.kind, leafHash(toStoredEntry(row)).toString('hex')]).toEqual([row.kind, hash]);
      expect([row.kind, hash]).toEqual([row.kind, hashes.get(placeOf(row)) ?? hash]);
    }
  }

  let people = 0;
  let [bob, ann] = ['', ''];
  beforeEach(async () => {
    people += 1;
    [bob, ann] = [`bob${people}`, `ann${people}`];
    await append([...entriesAbout(bob), ...entriesAbout(ann)]);
    hashes = new Map(
      (await stored()).map((row) => [placeOf(row), row.leaf_hash?.toString('hex') ?? '']),
    );
  });

  it('takes a participant out of the ledger, and every leaf still holds', async () => {
    const before = await everything();
    const counts = await erase({ id: bob });
    expect(counts).toEqual({ entries: 5, actors: 2, subjects: 5 });
    await expectAllLeavesHold();
    const after = await everything();
    // As an operator of the same name they are somebody else.
    const ofOperator = `${bob}(-id|@example\\.org| says so)`;
    expect(
      after.filter((text) => new RegExp(bob).test(text.replace(new RegExp(ofOperator, 'g'), ''))),
    ).toEqual([]);
    expect(after.filter((text) => text.includes(ann))).toEqual(
      before.filter((text) => text.includes(ann)),
    );
    const [erased] = (await app.ledger('ledger.erased')).slice(-1);
    expect(erased).toMatchObject({
      outcome: 'ok',
      actor_label: 'command line (ops)',
      payload: { of: 'identity', before: null, entries: 5, actors: 2, subjects: 5 },
    });
    expect(await erase({ id: bob })).toEqual({ entries: 0, actors: 0, subjects: 0 });
  });

  it('takes out what was looked for when it names them, and no other search', async () => {
    const by = { kind: 'operator', id: 'looks-id', label: 'looks@example.org' } as const;
    const looks = (text: string): LedgerEntryInput[] => [
      {
        kind: 'ledger.read',
        outcome: 'ok',
        actor: by,
        payload: { view: 'acts', filter: { query: text } },
      },
      {
        kind: 'ledger.read',
        outcome: 'ok',
        actor: by,
        payload: { view: 'acts', also: [{ identity: text }] },
      },
      {
        kind: 'ledger.export_started',
        outcome: 'ok',
        actor: by,
        payload: { filter: { query: text } },
      },
      {
        kind: 'ledger.exported',
        outcome: 'ok',
        actor: by,
        payload: { filter: { identity: text } },
      },
    ];
    const [odd, other] = [`${bob} "x\\y`, `${bob}-2`];
    await append([
      ...looks(`identity:${bob}`),
      ...looks(odd),
      ...looks(other),
      ...looks(`-room:a,${ann}`),
    ]);
    hashes = new Map(
      (await stored()).map((row) => [placeOf(row), row.leaf_hash?.toString('hex') ?? '']),
    );
    // The server does it by a function of Postgres, the command line by itself.
    const byServer = (id: string) => app.app.get(PersonEraser).erase(BY, id, null);
    await byServer(odd);
    await erase({ id: bob });
    await expectAllLeavesHold();
    const said = (await everything()).filter((text) => text.includes('looks-id'));
    expect(said.filter((text) => new RegExp(`${bob}(?!-2)`).test(text))).toEqual([]);
    expect(said.filter((text) => text.includes(other))).toHaveLength(4);
    expect(said.filter((text) => text.includes(ann))).toHaveLength(4);
    expect(await byServer(other)).toEqual({ entries: 4, actors: 0, subjects: 4 });
    expect((await everything()).filter((text) => text.includes(other))).toEqual([]);
  });

  it('takes an operator out, as who acted and as who was acted on', async () => {
    const counts = await erase({ of: 'operator', id: `${bob}-id` });
    expect(counts).toEqual({ entries: 3, actors: 2, subjects: 2 });
    await expectAllLeavesHold();
    const said = (await everything()).filter(
      (text) => text.includes(`${bob}-id`) || text.includes(`${bob}@example`),
    );
    expect(said).toEqual([]);
  });

  it('takes them out of the list of reviews, and changes nothing else of one', async () => {
    const values = `gen_random_uuid(), clock_timestamp(), '${bob}-id', '${bob}@example.org', 'n', '[]'`;
    await app.sql(
      `INSERT INTO ledger_review (id, until_at, by_id, by_label, note, findings) VALUES (${values})`,
    );
    for (const change of [`note = 'rewritten'`, `by_label = ''`, `until_at = until_at`]) {
      await expect(app.sql(`UPDATE ledger_review SET ${change}`)).rejects.toMatchObject({
        code: '42501',
      });
    }
    await erase({ of: 'operator', id: `${bob}-id`, before: new Date('2020-01-01') });
    const list = async () =>
      (await app.inject('GET', '/api/v1/ledger-reviews', { as: app.admin })).body;
    expect((await list()).data).toMatchObject([{ by: `${bob}@example.org`, note: 'n' }]);
    await erase({ of: 'operator', id: `${bob}-id` });
    expect((await list()).data).toMatchObject([{ by: 'erased', note: null, findings: [] }]);
    expect(JSON.stringify(await app.sql('SELECT * FROM ledger_review'))).not.toContain(bob);
  });

  it('leaves what is not from before the date', async () => {
    expect(await erase({ id: bob, before: new Date('2020-01-01') })).toMatchObject({ entries: 0 });
    expect((await everything()).some((text) => text.includes(bob))).toBe(true);
  });

  it('shows what was erased in the answers, and the rest as it was', async () => {
    const filter = encodeURIComponent(JSON.stringify({ room: 'hall' }));
    const read = async () =>
      (
        await app.inject<Json>('GET', `/api/v1/ledger?limit=200&filter=${filter}`, {
          as: app.admin,
        })
      ).body.data;
    const before = (await read()).filter((entry: Json) => entry.identity === bob);
    await erase({ id: bob });
    const after = new Map((await read()).map((entry: Json) => [entry.id, entry]));
    expect(before.length).toBe(4);
    for (const entry of before) {
      const now = after.get(entry.id) as Json;
      expect(now).toMatchObject({ kind: entry.kind, at: entry.at, identity: null, reason: null });
      expect(now.erased).toContain('subject');
      for (const member of ['claims', 'because', 'note'])
        expect(now.payload[member]).toBeUndefined();
    }
    const raised = after.get(before.find(({ kind }: Json) => kind === 'stage.hand_raised').id);
    expect(raised).toMatchObject({
      actor: { kind: 'participant', id: null, label: 'erased' },
      ip: null,
      erased: ['actor', 'subject'],
    });
  });

  it("is not for the application's role", async () => {
    await expect(erase({ id: bob }, app.database.appUrl)).rejects.toMatchObject({
      code: 'ledger.needs_owner',
    });
    await expectAllLeavesHold();
  });

  describe('lets not even the owner', () => {
    const erasing = `actor_id = NULL, actor_label = NULL, ip = NULL, actor_salt = NULL,
      actor_commitment = ledger_commitment(actor_salt, ledger_actor_part(actor_id, ip, actor_label))`;

    it.each([
      ['write another reason', `reason = 'rewritten'`],
      ['change nothing', 'reason = reason'],
      ['forget the identity alone', 'identity = NULL'],
      [
        'forget a part without its commitment',
        erasing.replace(/actor_commitment = .*/s, 'room = room'),
      ],
      ['commit to somebody else', erasing.replace('(actor_id, ip,', `('mallory', ip,`)],
      ['erase and change a payload', `${erasing}, payload = '{}'`],
      ['erase and change the time', `${erasing}, at = at - interval '1 second'`],
      ['erase and change the hash', `${erasing}, leaf_hash = sha256('x')`],
      ['set a commitment beside a part', `actor_commitment = sha256('x')`],
    ])('%s', async (_what, change) => {
      const [row] = await app.sql<{ part: string }>(
        `SELECT tableoid::regclass::text AS part FROM ledger_entry WHERE identity = $1 LIMIT 1`,
        [bob],
      );
      for (const table of ['ledger_entry', row!.part]) {
        await expect(
          app.sql(`UPDATE ${table} SET ${change} WHERE identity = $1`, [bob]),
        ).rejects.toMatchObject({ code: '42501' });
      }
    });

    it('put something in the place of what was erased', async () => {
      await erase({ id: bob });
      for (const change of [
        `actor_label = 'mallory', actor_salt = '\\x00'`,
        `identity = 'mallory', subject_salt = '\\x00'`,
        'subject_commitment = NULL',
      ]) {
        await expect(
          app.sql(`UPDATE ledger_entry SET ${change} WHERE subject_commitment IS NOT NULL`),
        ).rejects.toMatchObject({ code: '42501' });
      }
    });
  });
});
