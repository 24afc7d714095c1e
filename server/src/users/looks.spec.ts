import { describe, expect, it } from '@jest/globals';
import { looksOf } from './looks.js';

function areAlike(a: string, b: string): boolean {
  const looks = looksOf(a);
  return looksOf(b).some((look) => looks.includes(look));
}

describe('identities that people take for each other', () => {
  it.each([
    ['ana', 'аna', 'a Cyrillic letter'],
    ['ana', 'Ana', 'case'],
    ['ANA', 'аnа', 'case and script at once'],
    ['Zo\u00eb', 'Zoe\u0308', 'NFC and NFD'],
    ['ana', 'ana\u200b', 'an invisible space'],
    ['ana', '\u202eana', 'a direction mark'],
    ['ana', 'ａｎａ', 'full width'],
    ['paypal', 'paypaI', 'a capital i for an l'],
    ['bob', 'b0b', 'a digit for a letter'],
    ['modern', 'rnodern', 'two letters for one'],
  ])('%s and %s: %s', (a, b) => {
    expect(areAlike(a, b)).toBe(true);
  });

  it.each([
    ['ana', 'anna'],
    ['zoe', 'zoë'],
    ['user-12', 'user-21'],
    ['maria', 'mario'],
  ])('%s and %s are told apart', (a, b) => {
    expect(areAlike(a, b)).toBe(false);
  });
});
