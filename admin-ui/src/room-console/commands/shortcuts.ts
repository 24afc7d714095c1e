import { useMemo } from 'react';
import { useStore } from 'react-admin';
import { CHIPS } from '../roster/rosterChips';
import { type KeyedCommand, PERSON_KEYS, type PersonCommand } from './personCommands';

/** What a key asks for; the grid itself only moves. */
export type Command =
  | KeyedCommand
  | 'undo'
  | 'open'
  | 'peek'
  | 'menu'
  | 'select'
  | 'selectAll'
  | 'repeat'
  | 'nextHand'
  | 'approveNext'
  | 'lock'
  | 'search'
  | 'order'
  | 'escape'
  | 'help';

/** Commands that do something to one person, so that person has to be marked in the list. */
export const ACTS: ReadonlySet<Command> = new Set<Command>([
  ...(Object.keys(PERSON_KEYS) as KeyedCommand[]),
  'repeat',
  'peek',
]);

/** In the order of the list of shortcuts. */
export const DEFAULT_KEYS: Record<Command, string> = {
  open: 'Space',
  menu: 'Enter',
  peek: 'V',
  nextHand: 'H',
  approveNext: 'N',
  ...PERSON_KEYS,
  undo: 'U',
  repeat: '.',
  select: 'X',
  selectAll: 'Ctrl+A',
  lock: 'L',
  search: '/',
  order: 'R',
  escape: 'Escape',
  help: '?',
};

export const COMMANDS = Object.keys(DEFAULT_KEYS) as Command[];

/** Keys that move; they cannot be given to anything else. */
const MOVES = ['J', 'K', 'Shift+J', 'Shift+K'];

export interface KeySettings {
  /** Single characters can be switched off: speech input and slips of the hand press them too. */
  areCharactersOn: boolean;
  keys: Partial<Record<Command, string>>;
}

const DEFAULT_SETTINGS: KeySettings = { areCharactersOn: true, keys: {} };

/** What can be used of settings that an older version, or somebody by hand, has stored. */
export function keySettingsOf(stored: unknown): KeySettings {
  if (typeof stored !== 'object' || stored === null) return DEFAULT_SETTINGS;
  const { areCharactersOn, keys } = stored as Partial<Record<keyof KeySettings, unknown>>;
  const chosen = typeof keys === 'object' && keys !== null ? Object.entries(keys) : [];
  return {
    areCharactersOn: areCharactersOn !== false,
    keys: Object.fromEntries(
      chosen.filter(
        ([command, key]) => Object.hasOwn(DEFAULT_KEYS, command) && typeof key === 'string',
      ),
    ),
  };
}

export function useShortcuts() {
  const [stored, setSettings] = useStore<unknown>('room-console.keys', DEFAULT_SETTINGS);
  const settings = useMemo(() => keySettingsOf(stored), [stored]);
  const keys = useMemo(() => ({ ...DEFAULT_KEYS, ...settings.keys }), [settings]);
  const commands = useMemo(
    () => new Map(COMMANDS.filter((each) => keys[each]).map((each) => [keys[each], each])),
    [keys],
  );
  return { settings, setSettings, keys, commands };
}

export type Shortcuts = ReturnType<typeof useShortcuts>;

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** "P", "Shift+P", "Ctrl+A", "Shift+Delete", "?": what was pressed, in one word. */
export function keyName({ key, ctrlKey, metaKey, altKey, shiftKey }: Pressed): string {
  const isLetter = /^\p{L}$/u.test(key);
  const name = key === ' ' ? 'Space' : isLetter ? key.toLocaleUpperCase() : key;
  const isShiftPart = shiftKey && (isLetter || name.length > 1);
  return [(ctrlKey || metaKey) && 'Ctrl', altKey && 'Alt', isShiftPart && 'Shift', name]
    .filter(Boolean)
    .join('+');
}

/** What types a character when nothing is held, or only Shift. */
export const isCharacter = (name: string) => [...name.replace('Shift+', '')].length === 1;

/** Why this key cannot be chosen; null when it can. `taken` is the command that has it. */
export function keyObstacle(name: string, command: Command, keys: Record<Command, string>) {
  if (MOVES.includes(name) || /^[0-9]$/.test(name)) return { code: 'reserved' } as const;
  const taken = COMMANDS.find((each) => each !== command && keys[each] === name);
  return taken ? ({ code: 'taken', by: taken } as const) : null;
}

export function commandFor(event: Pressed, { settings, commands }: Shortcuts): Command | null {
  const name = keyName(event);
  if (isCharacter(name) && !settings.areCharactersOn) return null;
  return commands.get(name) ?? null;
}

/** The key that a menu shows beside a command; undefined where there is none, or it is switched off. */
export function keyOf(command: PersonCommand, { keys, settings }: Shortcuts): string | undefined {
  const name = keys[SAME_KEY[command] ?? (command as Command)];
  return name && (settings.areCharactersOn || !isCharacter(name)) ? name : undefined;
}

/** The command that a key in the menu of a person asks for. */
export const commandIn = (
  offered: readonly PersonCommand[],
  event: Pressed,
  shortcuts: Shortcuts,
): PersonCommand | undefined => {
  const name = keyName(event);
  return offered.find((command) => keyOf(command, shortcuts) === name);
};

/** What answers is asked for by the key of what it answers. */
const SAME_KEY: Partial<Record<PersonCommand, Command>> = { approve: 'promote', release: 'hold' };

/** 1 to 9 are the first chips, 0 is everybody. */
export function chipFor(event: Pressed, { settings }: Shortcuts) {
  if (!settings.areCharactersOn || !/^[0-9]$/.test(keyName(event))) return null;
  return event.key === '0' ? 'all' : (CHIPS[Number(event.key) - 1] ?? null);
}

/** How far it moves: rows, pages or to an end; null when it does not. */
export function stepFor(
  event: Pressed,
  page: number,
  count: number,
  { settings }: Shortcuts,
): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  switch (event.key) {
    case 'ArrowDown':
      return 1;
    case 'ArrowUp':
      return -1;
    case 'PageDown':
      return page;
    case 'PageUp':
      return -page;
    case 'Home':
      return -count;
    case 'End':
      return count;
    default:
      if (!settings.areCharactersOn) return null;
      if (/^j$/i.test(event.key)) return 1;
      return /^k$/i.test(event.key) ? -1 : null;
  }
}
