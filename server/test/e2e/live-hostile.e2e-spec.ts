import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import {
  type Entry,
  everything,
  HERE,
  isWithin,
  ROOM,
  type Span,
} from '../support/hostile-scene.js';
import { aboutTheMicrophone, ELSEWHERE, HostileStory } from '../support/hostile-story.js';
import { describeLive } from '../support/livekit-server.js';
import { until } from '../support/until.js';

/** What is promised: from the answer to an act on, and past the gate from the webhook on. */
const PROMISED_MS = 1_000;

/** All of it happens before the first test; the tests are about what was seen. */
describeLive('a hostile participant among eight', () => {
  const story = new HostileStory();
  const promisedMs = () => PROMISED_MS + story.lateMs;
  beforeAll(() => story.play(), 240_000);
  afterAll(() => story.stop());

  it('is seen and heard while she may publish, so the watch works', async () => {
    const seen = (await story.tracesOf({ from: 0, to: story.ends.get('demote')?.from ?? 0 })).map(
      ({ what }) => what,
    );
    expect(seen).toEqual(
      expect.arrayContaining([
        'may publish CAMERA',
        'publishes MICROPHONE',
        'track_published CAMERA',
        'subscribed camera',
        'frame',
        'data rolecall: ',
      ]),
    );
  });

  it.each(['demote', 'hold', 'block'])(
    '%s: all that it takes has ended for everybody within a second of the answer',
    async (name) => {
      const { from, to } = story.ends.get(name) as Span;
      const isTaken = name === 'hold' ? aboutTheMicrophone : everything;
      expect(await story.tracesOf({ from: from + promisedMs(), to }, isTaken)).toEqual([]);
    },
  );

  it.each(['through the gate', 'voided', 'held', 'blocked'])(
    '%s: no token brings a moment with more, or a packet to anybody',
    async (name) => {
      const isTaken = name === 'held' ? aboutTheMicrophone : everything;
      expect(await story.tracesOf(story.spans.get(name) as Span, isTaken)).toEqual([]);
    },
  );

  it('comes through the gate with each kept token, and is refused what she tries each time', () => {
    for (const { token, ...span } of story.throughTheGate) {
      const room = token === 'of another room' ? ELSEWHERE : ROOM;
      expect([token, story.told('participant_joined', span, room).length]).toEqual([token, 1]);
    }
    expect(story.refusedByHand).toHaveLength(4);
    for (const refusals of story.refusedByHand) {
      expect(refusals.toSorted()).toEqual([
        ...Array.from({ length: 3 }, () => 'addTrack NOT_ALLOWED'),
        'updateMetadata NOT_ALLOWED',
      ]);
    }
  });

  it('loses what her token brings past the gate within a second of the webhook', async () => {
    expect(story.pastIt).toHaveLength(4);
    const brought = story.pastIt.flatMap((span) => story.told('participant_joined', span));
    expect(brought.some(({ participant }) => participant?.permission?.['canPublish'])).toBe(true);
    for (const { from, to } of story.pastIt) {
      const [joined] = story.told('participant_joined', { from, to });
      expect(await story.tracesOf({ from: (joined?.at ?? from) + promisedMs(), to })).toEqual([]);
    }
  });

  it('changes nothing by messages that pretend to be Rolecall, and the API tells the true state', () => {
    expect(story.forged.after).toEqual(story.forged.before);
    const [before, after, accepted] = story.forged.told;
    expect(after?.body).toEqual(before?.body);
    expect(after?.body).toMatchObject({ hand: null, invite: null, asks: [], lastDecision: null });
    expect(accepted).toMatchObject({ status: 409, body: { code: 'stage.no_invite' } });
  });

  it('is taken for nobody else, in LiveKit or by others', async () => {
    const there = story.watch.looks.flatMap(({ participant }) => participant ?? []);
    expect(there.length).toBeGreaterThan(50);
    for (const { name, metadata = '', attributes = {} } of there) {
      expect({ name, metadata, attributes }).toEqual({
        name: 'mallory',
        metadata: '',
        attributes: {},
      });
    }
    const changes = (await story.witness.sightings()).filter(({ what }) =>
      /^(name|metadata|attributes)/.test(what),
    );
    expect(changes).toEqual([]);
  });

  it('reads her true state from the stage, and changes nothing there with any token', () => {
    const valid = ['200 ok', '409 stage.no_invite'];
    const voided = ['403 token.voided', '403 token.voided'];
    expect(story.stageAnswers).toEqual({
      'the first': valid,
      'refreshed for a viewer': valid,
      'refreshed for a speaker': valid,
      'refreshed after the demotion': valid,
      'of another room': ['403 participant.other_room', '403 participant.other_room'],
      'void: the first': voided,
      'void: refreshed for a viewer': voided,
      'void: refreshed for a speaker': voided,
      'void: refreshed after the demotion': voided,
      blocked: ['403 seat.blocked', '403 seat.blocked'],
    });
  });

  it('is refused at the gate with what is void, also after she came in with another, and when blocked', () => {
    for (const [when, answers] of Object.entries(story.gateAnswers)) {
      const why = when.startsWith('blocked')
        ? '403 You are blocked from this room.'
        : '403 This link is no longer valid. Ask for a new one.';
      expect([when, ...answers]).toEqual([when, why, why]);
    }
    expect(Object.keys(story.gateAnswers)).toHaveLength(4 + 4 + 7);
  });

  it('is out within a second of the webhook when she comes past the gate though blocked', async () => {
    expect(story.pastItBlocked).toHaveLength(2);
    for (const { from, to } of story.pastItBlocked) {
      const [joined] = story.told('participant_joined', { from, to });
      const late = { from: (joined?.at ?? from) + promisedMs(), to };
      const stayed = story.watch.looks.filter(
        ({ participant, askedAt, answeredAt }) =>
          participant && askedAt >= late.from && isWithin(answeredAt, late),
      );
      expect(stayed).toEqual([]);
      expect(await story.tracesOf(late)).toEqual([]);
    }
  });

  it("opens neither LiveKit's API nor Rolecall's with any token that she kept", async () => {
    for (const token of story.mallory.kept.values()) {
      const authorization = `Bearer ${token}`;
      const promote = { room: ROOM, identity: 'mallory', permission: { canPublish: true } };
      for (const [url, status] of [
        [`${story.livekit.httpUrl}/twirp/livekit.RoomService/UpdateParticipant`, 401],
        [`${story.app.url}/twirp/livekit.RoomService/UpdateParticipant`, 404],
        [`${story.app.url}${HERE}/seats/mallory/promote`, 401],
        [`${story.app.url}${HERE}/stage/approve-next`, 401],
        [`${story.app.url}/api/v1/tokens`, 401],
        [`${story.app.url}/livekit/token`, 401],
      ] as const) {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify(promote),
        });
        expect([url, response.status]).toEqual([url, status]);
      }
    }
  });

  it('disturbs nobody else', async () => {
    const { subscribed, frames, isConnected } = await story.witness.status();
    expect(isConnected).toBe(true);
    expect(subscribed.filter((track) => /^(sam|sue)\//.test(track))).toHaveLength(2);
    await until('the video goes on', async () => {
      const later = (await story.witness.status()).frames;
      return ['sam', 'sue'].every((who) => (later[who] ?? 0) > (frames[who] ?? 0));
    });
    const others = (await story.scene.seats(ROOM)).filter(({ identity }) => identity !== 'mallory');
    expect(others).toHaveLength(7);
    expect(others.every(({ inSync, epoch }) => inSync && epoch === 0)).toBe(true);
  });

  // — What an auditor reads of it —

  it('is in the ledger for an auditor, act by act, with what came of each', async () => {
    const entries = await story.readBy(story.auditor, 'ledger', {
      room: ROOM,
      identity: 'mallory',
    });
    const lines = entries.map(inWords);
    const acts = [
      'token.issued ok by admin@localhost',
      'gate.admitted ok by Gate',
      'participant.joined ok by LiveKit',
      'seat.promoted intent by moderator@example.com',
      'seat.promoted applied by moderator@example.com',
      'seat.demoted intent by moderator@example.com: spam',
      'seat.demoted applied by moderator@example.com: spam',
      ...story.throughTheGate.slice(1).map(() => 'gate.admitted ok by Gate'),
      'drift.detected ok by Rolecall',
      'drift.repaired intent by Rolecall',
      'drift.repaired applied by Rolecall',
      'token.voided ok by moderator@example.com: leaked',
      'gate.refused refused by Gate (token.voided)',
      'access.refused refused by mallory (token.voided)',
      'token.issued ok by admin@localhost',
      'gate.admitted ok by Gate',
      'gate.refused refused by Gate (token.voided)',
      'seat.promoted intent by moderator@example.com',
      'seat.promoted applied by moderator@example.com',
      'seat.held intent by moderator@example.com: shouting',
      'seat.held applied by moderator@example.com: shouting',
      'gate.admitted ok by Gate',
      'seat.blocked intent by moderator@example.com: hostile',
      'seat.blocked applied by moderator@example.com: hostile',
      'gate.refused refused by Gate (seat.blocked)',
      'access.refused refused by mallory (seat.blocked)',
      'token.refused refused by moderator@example.com',
      'drift.detected ok by Rolecall',
      'drift.repaired applied by Rolecall',
    ];
    expect(missingInOrder(acts, lines)).toBeNull();
    const counted = (text: string) => lines.filter((line) => line === text).length;
    expect(counted('gate.refused refused by Gate (token.voided)')).toBe(8);
    expect(counted('gate.refused refused by Gate (seat.blocked)')).toBeGreaterThanOrEqual(14);
    expect(counted('access.refused refused by mallory (token.voided)')).toBe(4);

    const operations = entries.filter(({ payload }) => payload.operationId);
    const open = operations.filter(({ outcome }) => outcome === 'intent');
    for (const { kind, payload } of open) {
      const ended = operations.filter(
        (entry) =>
          entry.kind === kind &&
          entry.payload.operationId === payload.operationId &&
          /^(applied|superseded)$/.test(entry.outcome),
      );
      expect([kind, ended.length]).toEqual([kind, 1]);
    }
    const repairs = entries.filter(({ kind }) => kind === 'drift.detected');
    expect(new Set(repairs.map(({ payload }) => payload.by))).toEqual(new Set(['join', 'sweep']));
    const silenced = entries.filter(({ kind }) => kind === 'seat.silenced');
    expect(silenced.map(({ payload }) => payload.action)).toEqual(['demote', 'hold', 'block']);
    for (const { payload } of silenced) expect(payload.ms).toBeLessThan(promisedMs());
  });

  it('shows the auditor which tokens she got and which she did not, and none of them', async () => {
    const issuances = await story.readBy(story.auditor, 'issuances', { identity: 'mallory' });
    expect(issuances.map(({ kind, room, template }) => [kind, room, template])).toEqual([
      ['token.issued', ROOM, 'viewer'],
      ['token.issued', ELSEWHERE, 'presenter'],
      ['token.issued', ROOM, 'audience'],
      ['token.refused', ROOM, null],
    ]);
    const hashOf = (what: string) =>
      createHash('sha256')
        .update(story.mallory.kept.get(what) as string)
        .digest('hex');
    expect(issuances.slice(0, 3).map(({ tokenHash }) => tokenHash)).toEqual(
      ['the first', 'of another room', 'the second'].map(hashOf),
    );
    const everything = JSON.stringify([
      await story.readBy(story.auditor, 'ledger', {}),
      await story.app.sql('SELECT * FROM ledger_entry'),
    ]);
    for (const token of story.mallory.kept.values())
      expect(everything).not.toContain(token.split('.')[2]);
  });

  it('lets the auditor change none of it', async () => {
    const seat = `${HERE}/seats/mallory`;
    const before = await story.scene.seat(ROOM, 'mallory');
    const [blocked] = (await story.app.get(`${seat}/operations`)).body;
    const verbs = ['promote', 'demote', 'block', 'unblock', 'hold', 'release', 'remove', 'mute'];
    for (const [method, path, body] of [
      ...verbs.map((verb) => ['POST', `${seat}/${verb}`, {}] as const),
      ['POST', `${seat}/void-tokens`, {}],
      ['POST', `${seat}/invite`, {}],
      ['POST', `${HERE}/seats/bulk`, { action: 'remove', identities: ['vic'] }],
      ['POST', `${HERE}/stage/approve-next`, {}],
      ['POST', `${HERE}/scene`, { lock: {} }],
      ['POST', `${HERE}/close`, {}],
      ['POST', `/api/v1/operations/${blocked.id}/undo`, {}],
      ['POST', '/api/v1/tokens', { room: ROOM, identity: 'vic' }],
      ['POST', '/api/v1/assignments', {}],
      ['POST', '/api/v1/operators', {}],
    ] as const) {
      const { status } = await story.auditor.send(method, path, body);
      expect([method, path, status]).toEqual([method, path, 403]);
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const [entry] = (await story.auditor.get('/api/v1/ledger?limit=1')).body.data;
      const { status } = await story.auditor.send(method, `/api/v1/ledger/${entry.id}`);
      expect([404, 405]).toContain(status);
    }
    expect(await story.scene.seat(ROOM, 'mallory')).toEqual(before);
  });
});

function inWords({ kind, outcome, actor, reason, payload }: Entry): string {
  const { refusal } = payload;
  const words = `${kind} ${outcome} by ${actor.label}`;
  return `${words}${refusal ? ` (${refusal})` : ''}${reason ? `: ${reason}` : ''}`;
}

/** The first of these that is not there after those before it; null when all are, in this order. */
function missingInOrder(expected: readonly string[], found: readonly string[]): string | null {
  let from = 0;
  for (const line of expected) {
    const at = found.indexOf(line, from);
    if (at < 0) return `${line}\nis not in\n${found.slice(from).join('\n')}`;
    from = at + 1;
  }
  return null;
}
