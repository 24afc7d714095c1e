import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerWorld } from '../../test/support/ledger-world.js';
import { participantToken, sitDown } from '../../test/support/stage.js';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';
import { ledgerId } from '../ledger/ledger-entry.js';
import { LedgerService } from '../ledger/ledger.service.js';
import type { LedgerEntryInput } from '../ledger/ledger-entry.js';
import { parseCheckpoint } from '../ledger/tree/checkpoint.js';
import { verifyInclusion } from '../ledger/tree/merkle.js';
import { parseNote } from '../ledger/tree/note.js';
import { treeHasher } from '../ledger/tree/sha256.js';
import { fromHex, fromText } from '../ledger/tree/bytes.js';

const ROOMS = ['hall', 'a/b %2F <b>"\'; --', 'ä\u202e right'];
const ANA = 'ana " OR 1=1 <script>';

let app: TestApp;

const MODERATOR = { kind: 'operator', id: 'op-1', label: 'mo@example.com' } as const;

async function write(entry: Partial<LedgerEntryInput>): Promise<string> {
  const written = await app.app.get(LedgerService).appendDurably({
    kind: 'seat.demoted',
    outcome: 'applied',
    actor: { ...MODERATOR, ip: '203.0.113.7' },
    payload: { template: 'viewer' },
    ...entry,
  });
  return ledgerId(written);
}

function ask(room: string, identity: string, rest = '', inRoom = room) {
  const path = `/api/v1/rooms/${encodeURIComponent(inRoom)}/receipts/me${rest}`;
  const authorization = `Bearer ${participantToken(app, room, identity)}`;
  return app.inject('GET', path, { headers: { authorization } });
}

beforeAll(async () => {
  app = await startTestApp();
  for (const name of ROOMS) {
    await app.newRoom({ name, default_template: 'viewer' });
    await sitDown(app, name, ANA, 'ben');
  }
});
afterAll(() => app.stop());

describe('what was decided about a participant', () => {
  it('is told to themselves alone, whatever rooms and identities are called', async () => {
    const own = new Map<string, string>();
    for (const room of ROOMS) {
      own.set(room, await write({ room, identity: ANA }));
      await write({ room, identity: 'ben' });
      await write({ room, identity: null });
    }
    for (const room of ROOMS) {
      const { status, body } = await ask(room, ANA);
      expect([status, body.data.map(({ id }: { id: string }) => id)]).toEqual([
        200,
        [own.get(room)],
      ]);
      const id = own.get(room) as string;
      for (const [who, where] of [
        ['ben', room],
        [ANA, ROOMS.find((name) => name !== room) as string],
      ] as const) {
        expect((await ask(where, who, `/${id}`)).status).toBe(404);
      }
    }
    expect((await ask('hall', ANA, '', ROOMS[1])).body.code).toBe('participant.other_room');
    const path = '/api/v1/rooms/hall/receipts/me';
    expect((await app.inject('GET', path)).status).toBe(401);
    expect((await app.inject('GET', path, { as: app.admin })).status).toBe(401);
  });

  it('names nobody, and tells no reason that was not meant for them', async () => {
    const room = 'hall';
    const identity = 'cleo';
    await sitDown(app, room, identity);
    const secret = { reason: 'she is rude', payload: { detail: 'LiveKit said no' } };
    await write({ room, identity, ...secret });
    await write({ room, identity, kind: 'seat.peeked', payload: { as: 'lk_peek_x' } });
    await write({ room, identity, kind: 'seat.promoted', outcome: 'intent' });
    const declined = {
      kind: 'stage.hand_declined',
      outcome: 'ok',
      reason: 'later, please',
    } as const;
    await write({ room, identity, ...declined, payload: {} });
    await write({
      room,
      identity,
      kind: 'token.issued',
      outcome: 'ok',
      actor: { kind: 'api_key', id: 'k', label: 'back end' },
      payload: { template: 'viewer', claims: { sub: identity } },
    });
    await new LedgerWorld(app).sealed();
    const { body, text } = await ask(room, identity);
    const told = body.data.map((one: Record<string, unknown>) => [one.kind, one.by, one.word]);
    expect(told).toEqual([
      ['token.issued', 'application', null],
      ['stage.hand_declined', 'moderator', 'later, please'],
      ['seat.demoted', 'moderator', null],
    ]);
    const receipts = await Promise.all(
      body.data.map(({ id }: { id: string }) => ask(room, identity, `/${id}`)),
    );
    const all = [text, ...receipts.map((answer) => answer.text)].join();
    expect(all).not.toMatch(/mo@example|op-1|back end|203\.0\.113|rude|LiveKit said|peek/);
  });

  it('can be proved later from the receipt alone', async () => {
    const room = 'hall';
    const id = await write({
      room,
      identity: ANA,
      kind: 'seat.promoted',
      payload: { after: { template: 'speaker' } },
    });
    await new LedgerWorld(app).sealed();
    const { status, body } = await ask(room, ANA, `/${id}`);
    expect([status, body.kind, body.by, body.template]).toEqual([
      200,
      'seat.promoted',
      'moderator',
      'speaker',
    ]);
    const leaf = treeHasher.leaf(fromText(body.leaf));
    expect(leaf).toEqual(Buffer.from(body.leafHash, 'hex'));
    const { size, root } = parseCheckpoint(parseNote(body.proof.checkpoint).text);
    const inclusion = body.proof.inclusion.map((hash: string) => fromHex(hash) as Uint8Array);
    expect(verifyInclusion(treeHasher, leaf, body.proof.index, size, inclusion, root)).toBe(true);
    // The leaf speaks of them: salt and part give its commitment.
    const { part, salt } = body.subject;
    const commitment = createHash('sha256').update(Buffer.from(salt, 'hex')).update(part);
    expect(JSON.parse(body.leaf).subject).toBe(commitment.digest('hex'));
    expect(JSON.parse(part)).toEqual({ identity: ANA, payload: {}, reason: null });
  });

  it('comes in pages', async () => {
    const room = 'hall';
    const identity = 'many';
    await sitDown(app, room, identity);
    const ids: string[] = [];
    for (let i = 0; i < 60; i++) ids.push(await write({ room, identity, payload: {} }));
    const first = await ask(room, identity);
    const second = await ask(room, identity, `?before=${first.body.next}`);
    const seen = [...first.body.data, ...second.body.data].map(({ id }: { id: string }) => id);
    expect([first.body.data.length, seen, second.body.next]).toEqual([50, ids.reverse(), null]);
    for (const wrong of ['?before=nonsense', '/nonsense-1']) {
      expect((await ask(room, identity, wrong)).status).toBe(404);
    }
  });
});
