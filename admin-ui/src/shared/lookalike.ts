import { nameOf, type Named } from './nameOf';

/** Letters that look like another one in most typefaces, as far as people choose names to deceive. */
const ALIKE: Readonly<Record<string, string>> = {
  ...pairs('аеорсухіјѕһԁոӏвкмнт', 'aeopcyxijshdnibkmht'),
  ...pairs('αονρικτυβεη', 'aovpiktuben'),
  ...pairs('01|l', 'oiii'),
};

function pairs(from: string, to: string): Record<string, string> {
  const letters = [...to];
  return Object.fromEntries([...from].map((letter, at) => [letter, letters[at] ?? letter]));
}

/** The same for names that can hardly be told apart by the eye. */
export function lookalike(person: Named): string {
  const plain = nameOf(person)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[\s\p{P}]+/gu, ' ')
    .trim();
  return [...plain].map((letter) => ALIKE[letter] ?? letter).join('');
}

const LONGEST_IN_A_ROW = 40;

/** A name that cannot be read as it was written: too long, or with characters that are not shown. */
export function isHardToRead(person: Named): boolean {
  const written = (person.name ?? '').trim();
  return written.length > LONGEST_IN_A_ROW || (written !== '' && written !== nameOf(person));
}
