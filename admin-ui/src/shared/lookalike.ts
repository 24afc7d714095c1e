import unhomoglyph from 'unhomoglyph';
import { nameOf, type Named } from './nameOf';

/** Letters that people take for each other, beyond Unicode's table: it tells cases apart. */
const ALIKE: Readonly<Record<string, string>> = {
  ...pairs('аеорсухіјѕһԁոӏвкмнт', 'aeopcyxijshdnibkmht'),
  ...pairs('αονρικτυβεη', 'aovpiktuben'),
  ...pairs('01|l', 'oiii'),
};

function pairs(from: string, to: string): Record<string, string> {
  const letters = [...to];
  return Object.fromEntries([...from].map((letter, at) => [letter, letters[at] ?? letter]));
}

const shapes = new Map<string, string>();

/** By Unicode's table of confusable characters (UTS 39); looking one up is slow. */
function shapeOf(letter: string): string {
  let shape = shapes.get(letter);
  if (shape === undefined) {
    shape = ALIKE[letter] ?? unhomoglyph(letter);
    shapes.set(letter, shape);
  }
  return shape;
}

function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

function shaped(text: string): string {
  return Array.from(text, shapeOf).join('');
}

/** The same for names that can hardly be told apart by the eye. */
export function lookalike(person: Named): string {
  // Large letters have other look-alikes than small ones.
  const plain = folded(shaped(nameOf(person).normalize('NFKC')))
    .replace(/[\s\p{P}]+/gu, ' ')
    .trim();
  return folded(shaped(plain));
}

const LONGEST_IN_A_ROW = 40;

/** A name that cannot be read as it was written: too long, or with characters that are not shown. */
export function isHardToRead(person: Named): boolean {
  const written = (person.name ?? '').trim();
  return written.length > LONGEST_IN_A_ROW || (written !== '' && written !== nameOf(person));
}
