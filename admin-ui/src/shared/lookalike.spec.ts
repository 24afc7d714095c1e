import { describe, expect, it } from '@jest/globals';
import { lookalike } from './lookalike';

const of = (name: string) => lookalike({ name, identity: 'x' });

describe('names that look alike', () => {
  it.each([
    ['Ana Ruiz', 'ana  ruiz'],
    ['Ana Ruiz', 'Аna Ruiz'], // Cyrillic А
    ['Ana Ruiz', 'Αna Ruíz'], // Greek Α, an accent
    ['Al', 'AI'],
    ['Bo', 'B0'],
    ['Ana Ruiz', 'Ana-Ruiz\u200b'],
    ['Ana Ruiz', '\u0251na Ru\u0131z'], // Latin alpha, i without a dot
    ['Ana Ruiz', '\u{1d400}na Ru\u{1d422}z'], // mathematical letters
    ['Kim', '\u13e6im'], // Cherokee
    ['IAN', 'ian'],
  ])('%s and %s', (a, b) => {
    expect(of(a)).toBe(of(b));
  });

  it('are not those that differ', () => {
    const names = ['Ana Ruiz', 'Anna Ruiz', 'Bo', 'Во В', 'Kim', '金', 'キム', '🙂'];
    expect(new Set(names.map(of)).size).toBe(names.length);
  });
});
