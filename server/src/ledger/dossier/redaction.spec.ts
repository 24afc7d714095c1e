import { describe, expect, it } from '@jest/globals';
import type { StoredEntry } from '../leaf.js';
import { Redaction } from './redaction.js';

const SALT = new Uint8Array(16);

function entry(fields: Partial<StoredEntry>): StoredEntry {
  return {
    shard: 1,
    seq: 1,
    atMicros: '1796000000000000',
    kind: 'seat.muted',
    outcome: 'applied',
    actorKind: 'operator',
    actorId: '0190a3b2-1111-7222-8333-444455556666',
    actorLabel: 'mo@example.com',
    ip: '192.0.2.7',
    room: 'board',
    identity: 'ana',
    requestId: null,
    reason: null,
    payload: '{}',
    personal: null,
    actorSalt: SALT,
    subjectSalt: SALT,
    actorCommitment: null,
    subjectCommitment: null,
    ...fields,
  };
}

const BEN = entry({ identity: 'ben', personal: '{"name":"Ben Ali"}', kind: 'participant.joined' });
const told = (one: StoredEntry) => new Redaction('ana', [BEN, one]).of(one);

describe('the version of a dossier for one participant', () => {
  it.each<[string, Partial<StoredEntry>]>([
    ['a name in its effects', { payload: '{"effects":["hears ben ali no longer"]}' }],
    ['an identity as a member', { payload: '{"tracks":{"ben":1}}' }],
    ['an address', { payload: '{"from":"192.0.2.7"}' }],
    ['an actor in its request id', { requestId: 'mo@example.com/1' }],
    [
      'a reason about nobody',
      { identity: null, subjectSalt: null, reason: 'too loud', kind: 'room.closed' },
    ],
    ['a kind that nobody listed', { kind: 'participant.changed_elsewhere' }],
  ])('has only the hash of an entry with %s', (_, fields) => {
    expect(told(entry(fields))).toMatchObject({
      hasText: false,
      hasActor: false,
      hasSubject: false,
    });
  });

  it.each<[string, Partial<StoredEntry>]>([
    ['a moderator’s reason', { reason: 'too loud' }],
    ['somebody else in it', { personal: '{"desired":{"override":{"by":"mo@example.com"}}}' }],
    ['another subject', { identity: 'ben' }],
  ])('has the text and not the person of an entry with %s', (_, fields) => {
    expect(told(entry(fields))).toMatchObject({
      hasText: true,
      hasActor: false,
      hasSubject: false,
      by: 'Moderator 1',
    });
  });

  it('tells their own name, and nobody else who is called what they call themselves', () => {
    const joined = (name: string) =>
      entry({ kind: 'participant.joined', actorKind: 'system', personal: `{"name":"${name}"}` });
    expect(told(joined('Ana of Troy'))).toMatchObject({ hasText: true, hasSubject: true });
    const held = entry({ personal: '{"desired":{"hold":{"by":"mo@example.com"}}}' });
    const redaction = new Redaction('ana', [BEN, joined('mo@example.com'), held]);
    expect(redaction.of(held)).toMatchObject({ hasText: true, hasSubject: false });
  });

  it('has what is about the participant alone, and what they did', () => {
    const raised = {
      kind: 'stage.hand_declined',
      reason: 'later',
      payload: '{"template":"bench","jti":"0190a3b2-1111-7222-8333-444455556666"}',
    };
    // The id of the moderator is no text to search in, but it is a name.
    expect(told(entry(raised)).hasText).toBe(false);
    const own = {
      ...raised,
      payload: '{"template":"bench"}',
      actorKind: 'participant',
      actorId: 'ana',
      actorLabel: 'ana',
    };
    expect(told(entry(own))).toMatchObject({
      hasText: true,
      hasActor: false, // from where somebody else wrote as well
      hasSubject: true,
      by: 'ana',
      about: 'ana',
    });
    expect(told(entry({ ...own, ip: '192.0.2.8' }))).toMatchObject({ hasActor: true });
  });
});
