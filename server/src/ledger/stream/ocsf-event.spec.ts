import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { HOSTILE_TEXTS, UNSAFE } from '../../../test/support/hostile-text.js';
import { printableJson } from '../../common/printable.js';
import { splitPayload } from '../entry-columns.js';
import type { StoredEntry } from '../leaf.js';
import { LEDGER_KINDS, type LedgerKind, OUTCOMES_OF } from '../ledger-kinds.js';
import { OCSF_CLASSES, OCSF_VERSION } from './ocsf-classes.js';
import { ocsfEvent } from './ocsf-event.js';
import { syslogFrame } from './syslog-frame.js';

/** OCSF's own schema, as JSON Schema by a program of others. */
const schema = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/support/ocsf/ocsf-1.8.0.json'), 'utf8'),
) as { classes: Record<string, object>; $defs: object };
const ajv = new Ajv2020({ allErrors: true, strict: false });
const valid = new Map(
  Object.entries(OCSF_CLASSES).map(([name, { uid }]) => [
    uid as number,
    ajv.compile({ ...schema.classes[name], $defs: schema.$defs }),
  ]),
);

function problemsOf(event: Record<string, unknown>): string[] {
  const validate = valid.get(event.class_uid as number)!;
  // As it arrives.
  validate(JSON.parse(printableJson(JSON.stringify(event))));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const salt = new Uint8Array(16);

function entryOf(
  kind: LedgerKind,
  outcome: string,
  text: string,
  fields: Partial<StoredEntry> = {},
): StoredEntry {
  const { open, personal } = splitPayload(kind, {
    template: text,
    grants: { canPublish: true, canPublishSources: [text] },
    operator: text,
    user: text,
    email: text,
    after: { template: text },
    before: { [text]: text },
    metadata: text,
  });
  return {
    shard: 3,
    seq: 7,
    atMicros: '1796500000123456',
    kind,
    outcome,
    actorKind: 'operator',
    actorId: text,
    actorLabel: text,
    ip: text,
    room: text,
    identity: text,
    requestId: text,
    reason: text,
    payload: open,
    personal,
    actorSalt: salt,
    subjectSalt: salt,
    actorCommitment: null,
    subjectCommitment: null,
    ...fields,
  };
}

const NOBODY: Partial<StoredEntry> = {
  actorKind: 'system',
  actorId: null,
  actorLabel: 'Rolecall',
  ip: '2001:db8::1',
  room: null,
  identity: null,
  requestId: null,
  reason: null,
  payload: '{}',
  personal: null,
  subjectSalt: null,
};
const ERASED: Partial<StoredEntry> = {
  actorId: null,
  actorLabel: null,
  ip: null,
  identity: null,
  personal: null,
  reason: null,
  actorSalt: null,
  subjectSalt: null,
  actorCommitment: new Uint8Array(32),
  subjectCommitment: new Uint8Array(32),
};

describe('an event of OCSF', () => {
  it('of every kind, outcome, and form of an entry is one by its own schema', () => {
    const wrong: string[] = [];
    for (const [kind, { outcomes }] of Object.entries(LEDGER_KINDS)) {
      for (const outcome of OUTCOMES_OF[outcomes]) {
        for (const fields of [{}, NOBODY, ERASED, { ...ERASED, ...NOBODY, actorLabel: null }]) {
          for (const hasPeople of [true, false]) {
            const entry = entryOf(kind as LedgerKind, outcome, 'x', fields);
            const event = ocsfEvent(12, entry, 'log.example/ledger', hasPeople);
            wrong.push(...problemsOf(event).map((problem) => `${kind} ${outcome}: ${problem}`));
          }
        }
      }
    }
    expect([...new Set(wrong)]).toEqual([]);
    expect(OCSF_VERSION).toBe('1.8.0');
  });

  it('is checked by a schema that knows what is wrong', () => {
    const event = ocsfEvent(1, entryOf('token.issued', 'ok', 'x'), 'log/ledger', true);
    expect(problemsOf({ ...event, activity_id: 4711 })).toHaveLength(1);
    expect(problemsOf({ ...event, strange: 1 })).toHaveLength(1);
    expect(problemsOf({ ...event, user: {} })).not.toEqual([]);
  });

  it('with any text in any field is one, and one line of syslog, which names nobody when masked', () => {
    for (const text of HOSTILE_TEXTS.map((one) => one.toWellFormed())) {
      for (const kind of Object.keys(LEDGER_KINDS) as LedgerKind[]) {
        if (text.length > 1_000 && kind !== 'token.issued' && kind !== 'room.created') continue;
        const event = ocsfEvent(1, entryOf(kind, 'ok', text), `log/ledger`, true);
        expect(problemsOf(event)).toEqual([]);
        const frame = syslogFrame(event);
        expect(UNSAFE.test(frame) || frame.includes('\n')).toBe(false);
        const [, length, message] = /^(\d+) ([^]*)$/.exec(frame)!;
        expect(Buffer.byteLength(message!)).toBe(Number(length));
      }
    }
    const secret = entryOf('user.created', 'ok', 'room', {
      actorId: 'kim-id',
      actorLabel: 'kim@example.com',
      ip: '203.0.113.9',
      identity: 'omar',
      reason: 'because of omar',
      personal: '{"user":"omar"}',
    });
    const named = JSON.stringify(ocsfEvent(1, secret, 'log/ledger', true));
    for (const text of ['kim-id', 'kim@example.com', '203.0.113.9', 'omar']) {
      expect(named).toContain(text);
    }
    const masked = JSON.stringify(ocsfEvent(1, secret, 'log/ledger', false));
    expect(masked).not.toMatch(/kim|omar|203\.0\.113\.9/);
  });
});
