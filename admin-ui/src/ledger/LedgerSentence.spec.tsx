import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { fakeApi } from '../../test/fakeApi';
import { renderAdmin } from '../../test/renderAdmin';
import type { LedgerEntry } from '../providers/records';
import { LedgerSentence } from './LedgerSentence';

let api: ReturnType<typeof fakeApi>;
beforeEach(() => {
  api = fakeApi(() => ({ body: [] }));
});
afterEach(() => api.restore());

const entry = (changes: Partial<LedgerEntry>): LedgerEntry => ({
  id: '1-0-1',
  seq: 1,
  at: '2026-01-01T00:00:00Z',
  kind: 'seat.promoted',
  outcome: 'applied',
  actor: { kind: 'operator', id: 'o-1', label: 'Lee' },
  room: 'town-hall',
  identity: 'ana-91',
  requestId: null,
  reason: null,
  payload: { after: { template: 'speaker', version: 7 } },
  ...changes,
});
const textOf = (changes: Partial<LedgerEntry>) =>
  renderAdmin(<LedgerSentence entry={entry(changes)} />).container.textContent;

it('says who did what to whom, with the role that came of it', () => {
  expect(textOf({})).toContain('Lee promoted ana-91 to speaker v7 in town-hall');
});

it('shows names as they are, even when they look like our own placeholders or like markup', () => {
  expect(textOf({ identity: '%{actor} <b>x</b> ||||', room: '$&' })).toContain(
    'Lee promoted %{actor} <b>x</b> |||| to speaker v7 in $&',
  );
});

it('falls back to the kind for what it has no words for', () => {
  expect(textOf({ kind: 'weather.changed' })).toContain('Lee: weather.changed');
});
