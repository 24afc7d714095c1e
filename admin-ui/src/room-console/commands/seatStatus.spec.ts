import { describe, expect, it } from '@jest/globals';
import { i18nProvider, registerMessages } from '../../i18n/i18nProvider';
import type { Hold, Seat } from '../../api/records';
import { messages } from '../messages.en';
import { chipsOf, bitOf } from '../roster/rosterChips';
import { aHold, aSeat, type Partly } from '../../../test/records';
import type { Attempt } from './seatActions';
import { statusOf } from './seatStatus';
import { tagsOf } from '../seat/seatFacts';
import { mainCommand, commandsFor } from './personCommands';

registerMessages(messages);
const translate = (key: string, options?: object) => i18nProvider.translate(key, options);

const role = { template: 'speaker', version: 1, source: 'default' } as const;
const seat = (changes: Partly<Seat> = {}) => aSeat('ana', { name: 'Ana', role, ...changes });
const holdOf = (sources: Hold['sources']) => aHold({ sources });
const held = seat({ hold: holdOf(['microphone', 'camera']) });
const inScene = seat({ withheld: { sources: ['microphone'], data: false } });
const blocked = seat({ isPresent: false, block: {} });

const status = (of: Seat, attempt?: Partial<Attempt>) =>
  statusOf(of, attempt as Attempt | undefined, false, translate, String);
const seen = (action: Attempt['action']): Partial<Attempt> => ({
  action,
  phase: 'seen',
  ms: 12,
  silences: [],
  silentMs: null,
});

describe('the status of a seat', () => {
  it('says nothing while all is well', () => {
    expect(status(seat())).toBeNull();
  });

  it.each([
    ['held', held, 'held', 'Held silent'],
    ['kept from sharing', seat({ hold: holdOf(['screen_share']) }), 'held', 'Screen stopped'],
    ['silent in a scene', inScene, 'held', 'Silent in this scene'],
    ['blocked', blocked, 'blocked', 'Blocked'],
    ['held and away', { ...held, isPresent: false }, 'held', 'Held silent · not in the room'],
    ['held and late', { ...held, inSync: false }, 'pending', 'Held silent · not applied yet'],
    ['late', seat({ inSync: false }), 'pending', 'Not applied yet'],
  ])('does not pass off as good who is %s', (_what, of, tone, text) => {
    expect(status(of)).toEqual({ tone, text });
  });

  it('gives no green tick to an act whose result is a restriction', () => {
    expect(status(held, seen({ kind: 'hold' }))).toEqual({
      tone: 'held',
      text: 'Held silent · 12 ms',
    });
    expect(status(held, seen({ kind: 'promote' }))).toEqual({
      tone: 'held',
      text: 'Promoted · held silent',
    });
    expect(status(seat(), seen({ kind: 'release' }))?.tone).toBe('good');
  });
});

describe('who is restricted', () => {
  it('is in one list, whatever took it from them', () => {
    const isListed = (of: Seat) => (chipsOf(of, Date.now()) & bitOf('restricted')) !== 0;
    expect([held, inScene, blocked].map(isListed)).toEqual([true, true, true]);
    expect(isListed(seat())).toBe(false);
    expect(isListed(seat({ isSilent: true, silentWhy: 'hidden' }))).toBe(false);
  });

  it('is first offered what gives it back', () => {
    expect([mainCommand(blocked), commandsFor(blocked)[0]]).toEqual(['unblock', 'unblock']);
    expect([mainCommand(held), commandsFor(held)[0]]).toEqual(['release', 'release']);
    expect(mainCommand(seat())).toBe('promote');
  });

  it('is not confused with who listens unseen', () => {
    expect(tagsOf(seat({ isSilent: true, silentWhy: 'hidden' }))).toEqual(['hidden']);
    expect(tagsOf(seat({ isSilent: true, silentWhy: 'recorder', kind: 'egress' }))).toEqual([
      'egress',
    ]);
    expect(tagsOf(held)).toEqual([]);
  });
});
