import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import type { Act, LedgerEntry } from '@rolecall/server/api';
import { fakeApi } from '../../../test/fakeApi';
import { anAct } from '../../../test/records';
import { renderAdmin } from '../../../test/renderAdmin';
import '../messages.en';
import '../words/messages.en';
import '../words/log/messages.en';
import { useWords } from '../words/useWords';
import { timeIn } from '../zone';
import { newerIn } from '../useActs';
import { LogRow } from './LogRow';

let api: ReturnType<typeof fakeApi>;
let picked: string[];
beforeEach(() => {
  picked = [];
  api = fakeApi(() => ({ body: [] }));
});
afterEach(() => api.restore());

function Row({ act }: { act: Act }) {
  const words = useWords();
  const [isExpanded, setIsExpanded] = useState(false);
  return (
    <LogRow
      act={act}
      index={0}
      to="/activity/1-0-1"
      isOpen={false}
      isExpanded={isExpanded}
      isTabStop
      words={words}
      format={(at, shape) => timeIn(at, shape, 'en', 'utc')}
      onFocus={() => undefined}
      onExpand={() => setIsExpanded(!isExpanded)}
      onPick={(field, value, { altKey }) => picked.push(`${altKey ? '-' : ''}${field}:${value}`)}
    />
  );
}
const show = (changes: Partial<Act>, entry: Partial<LedgerEntry> = {}) =>
  renderAdmin(<Row act={anAct(changes, entry)} />);
const PEOPLE: Act['people'] = {
  actor: { kind: 'operator', id: 'o-1', identity: null, name: 'Kim Park' },
  subject: { kind: 'user', id: 'u-1', identity: 'omar-6', name: 'Omar Haddad' },
};
const PROMOTED = {
  identity: 'omar-6',
  payload: { after: { template: 'speaker', version: 7 } },
};
const step = (step: Act['steps'][number]['step'], ms: number) => ({
  id: step,
  at: new Date(Date.UTC(2026, 10, 27, 12, 41, 17, 204 + ms)).toISOString(),
  ms,
  kind: 'seat.promoted',
  outcome: 'applied',
  step,
});

describe('a row', () => {
  it('is a sentence with names, and its link is named by all of it', () => {
    show({ people: PEOPLE }, PROMOTED);
    const link = screen.getByRole('link', {
      name: /12:00:00 .*Kim Park promoted Omar Haddad to speaker v7 in town-hall Confirmed/,
    });
    expect(link.getAttribute('href')).toBe('/activity/1-0-1');
  });

  it('says what was only asked for, and what did not come to be', () => {
    show({ people: PEOPLE, outcome: 'failed' }, PROMOTED);
    expect(screen.getByRole('link').getAttribute('aria-labelledby')).toBeTruthy();
    expect(screen.getByText(/tried to promote/)).toBeTruthy();
  });

  it('opens to requested, confirmed and effect with the time in between', async () => {
    const steps = [step('requested', 0), step('confirmed', 86), step('effect', 2_120)];
    show({ people: PEOPLE, steps }, PROMOTED);
    await userEvent.click(screen.getByRole('button', { name: 'Steps of this act' }));
    const said = screen.getAllByRole('listitem').map(({ textContent }) => textContent);
    expect(said[0]).toMatch(/^Requested12:41:17.204/);
    expect(said[1]).toMatch(/^Confirmed\+ 86 ms/);
    expect(said[2]).toMatch(/^In effect\+ 2.1 sec/);
  });

  it('says how many are shown as one', () => {
    const repeated = { count: 23, since: '2026-11-27T13:18:00Z', until: '2026-11-27T13:20:00Z' };
    show({ kind: 'gate.admitted', outcome: 'ok', repeated });
    expect(screen.getByText('23 times since 13:18:00, shown as one')).toBeTruthy();
  });

  it('gives names to filter by, and to leave out', async () => {
    show({ people: PEOPLE }, PROMOTED);
    const user = userEvent.setup();
    await user.click(screen.getByText('Omar Haddad'));
    await user.keyboard('{Alt>}');
    await user.click(screen.getByText('town-hall'));
    await user.keyboard('{/Alt}');
    expect(picked).toEqual(['identity:omar-6', '-room:town-hall']);
  });

  it('never lets a name turn the sentence round', () => {
    const subject = { ...PEOPLE.subject!, name: 'Eve\u202e admin\u2066' };
    show({ people: { ...PEOPLE, subject } }, PROMOTED);
    expect(screen.getByText('Eve admin')).toBeTruthy();
  });
});

it('counts what is new, without one’s own looks', () => {
  const own = { kind: 'operator' as const, id: 'o-1', label: 'Lee' };
  const look = anAct({ id: '9', kind: 'ledger.read' }, { actor: own });
  const known = anAct({ id: '1' });
  expect(newerIn([look, anAct({ id: '8' }), known], [known], 'o-1')).toBe(1);
  expect(newerIn([look, known], [known], 'o-2')).toBe(1);
});
