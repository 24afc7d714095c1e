import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fakeApi } from '../../test/fakeApi';
import { anEntry } from '../../test/records';
import { renderAdmin } from '../../test/renderAdmin';
import type { LedgerEntry } from '../api/records';
import { LedgerSentence } from './LedgerSentence';

let api: ReturnType<typeof fakeApi>;
beforeEach(() => {
  api = fakeApi(() => ({ body: [] }));
});
afterEach(() => api.restore());

const entry = (changes: Partial<LedgerEntry>) =>
  anEntry({ payload: { after: { template: 'speaker', version: 7 } }, ...changes });
const textOf = (changes: Partial<LedgerEntry>) =>
  renderAdmin(<LedgerSentence entry={entry(changes)} />).container.textContent;

it('names the actor, the act, the person and the role', () => {
  expect(textOf({})).toContain('Lee promoted ana-91 to speaker v7 in town-hall');
});

it('shows names as they are, even when they look like our own placeholders or like markup', () => {
  expect(textOf({ identity: '%{actor} <b>x</b> ||||', room: '$&' })).toContain(
    'Lee promoted %{actor} <b>x</b> |||| to speaker v7 in $&',
  );
});

it('says that somebody who may not be there was removed, not that their rights were corrected', () => {
  const payload = { wanted: null, because: 'seat.blocked' };
  expect(textOf({ kind: 'drift.repaired', payload })).toContain(
    'ana-91 was removed from town-hall',
  );
});

it.each([
  ['scene.entered', { scene: { name: 'Q&A' } }, 'started the scene Q&A'],
  ['scene.left', { scene: null, before: { name: 'Q&A' } }, 'ended the scene Q&A'],
])('names the scene: %s', (kind, payload, expected) => {
  expect(textOf({ kind, payload })).toContain(expected);
});

it.each([
  ['bulk.started', { action: 'mute', total: 1 }, 'Lee started muting in town-hall: 1 person'],
  ['bulk.finished', { action: 'scene', total: 6 }, 'Scene finished in town-hall: 6 people'],
  [
    'bulk.cancelled',
    { because: 'Lee may no longer do this' },
    'Lee cancelled a bulk operation in town-hall: Lee may no longer do this',
  ],
])('says what was done to many people: %s', (kind, payload, expected) => {
  expect(textOf({ kind, payload })).toBe(expected);
});

it('tells what is beyond somebody from what they have no permission for', () => {
  const payload = { permission: 'seat.promote', template: 'host', beyond: ['metrics'] };
  expect(textOf({ kind: 'access.refused', payload })).toContain('Lee was refused host: it is more');
});

it('tells an API key from the operator whose name it has', () => {
  const actor = { kind: 'api_key' as const, id: 'k-1', label: 'Lee' };
  expect(textOf({ actor })).toContain('API key Lee promoted ana-91');
});

it('says where a participant was refused', () => {
  const actor = { kind: 'participant' as const, id: 'ana-91', label: 'ana-91' };
  const payload = { refusal: 'seat.blocked' };
  expect(textOf({ kind: 'access.refused', actor, payload })).toContain(
    'ana-91 was refused at the stage of town-hall',
  );
});

it('falls back to the kind for what it has no words for', () => {
  expect(textOf({ kind: 'weather.changed' })).toContain('Lee: weather.changed');
});

it.each([
  [{ via: 'sign_in' }, 'A sign-in as Lee was refused'],
  [{ via: 'sign_in', attempts: 39 }, '39 more sign-ins as Lee were refused'],
  [{ via: 'password_change' }, 'Lee gave a wrong current password'],
  [{ via: 'password_change', attempts: 3 }, 'Lee gave a wrong current password 3 more times'],
])('tells refused passwords with %j as what they are', (payload, text) => {
  expect(textOf({ kind: 'operator.sign_in_refused', payload })).toBe(text);
});
