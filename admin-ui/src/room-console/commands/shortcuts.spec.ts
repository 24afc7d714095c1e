import { describe, expect, it } from '@jest/globals';
import {
  chipFor,
  type Command,
  commandFor,
  COMMANDS,
  DEFAULT_KEYS,
  type Shortcuts,
  keyName,
  keyObstacle,
  stepFor,
} from './shortcuts';

const press = (key: string, held: Partial<KeyboardEvent> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
});

function shortcuts(keys: Partial<Record<Command, string>> = {}, areCharactersOn = true): Shortcuts {
  const all = { ...DEFAULT_KEYS, ...keys };
  return {
    settings: { areCharactersOn, keys },
    setSettings: () => undefined,
    keys: all,
    commands: new Map(COMMANDS.filter((each) => all[each]).map((each) => [all[each], each])),
  };
}

describe('the keys of the room console', () => {
  it('have one name each, whatever capital lock does to a letter', () => {
    expect(keyName(press('p'))).toBe('P');
    expect(keyName(press('P'))).toBe('P');
    expect(keyName(press('P', { shiftKey: true }))).toBe('Shift+P');
    expect(keyName(press('?', { shiftKey: true }))).toBe('?');
    expect(keyName(press('Delete', { shiftKey: true }))).toBe('Shift+Delete');
    expect(keyName(press('a', { metaKey: true }))).toBe('Ctrl+A');
    expect(keyName(press(' '))).toBe('Space');
  });

  it('mean one thing each from the start', () => {
    const used = COMMANDS.map((each) => DEFAULT_KEYS[each]).filter(Boolean);
    expect(new Set(used).size).toBe(used.length);
    for (const command of COMMANDS) {
      expect(keyObstacle(DEFAULT_KEYS[command], command, DEFAULT_KEYS)).toBeNull();
    }
  });

  it('can be given another meaning, and none that is taken or moves', () => {
    const mine = shortcuts({ promote: 'Q' });
    expect(commandFor(press('q'), mine)).toBe('promote');
    expect(commandFor(press('p'), mine)).toBeNull();
    expect(keyObstacle('M', 'promote', DEFAULT_KEYS)).toEqual({ code: 'taken', by: 'mute' });
    expect(keyObstacle('J', 'promote', DEFAULT_KEYS)).toEqual({ code: 'reserved' });
    expect(keyObstacle('7', 'promote', DEFAULT_KEYS)).toEqual({ code: 'reserved' });
  });

  it('do nothing as single characters once those are off; the others go on', () => {
    const off = shortcuts({}, false);
    expect(commandFor(press('p'), off)).toBeNull();
    expect(commandFor(press('P', { shiftKey: true }), off)).toBeNull();
    expect(chipFor(press('1'), off)).toBeNull();
    expect(stepFor(press('j'), 10, 50, off)).toBeNull();
    expect(commandFor(press('Delete'), off)).toBe('remove');
    expect(commandFor(press('a', { ctrlKey: true }), off)).toBe('selectAll');
    expect(stepFor(press('ArrowDown'), 10, 50, off)).toBe(1);
  });

  it('choose what is shown: 1 the hands, 0 everybody', () => {
    expect(chipFor(press('1'), shortcuts())).toBe('hands');
    expect(chipFor(press('9'), shortcuts())).toBe('drifting');
    expect(chipFor(press('0'), shortcuts())).toBe('all');
  });
});
