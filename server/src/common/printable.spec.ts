import { expect, it } from '@jest/globals';
import { printable } from './printable.js';

it.each([
  ['\u001b]0;owned\u0007\u009b31m', '\\u{1b}]0;owned\\u{7}\\u{9b}31m'],
  ['proved\r\nnot', 'proved\\u{d}\\u{a}not'],
  ['a\u202eb\u2066c\u200fd\u061c', 'a\\u{202e}b\\u{2066}c\\u{200f}d\\u{61c}'],
  ['a\u2028b\u2029c\u0085d', 'a\\u{2028}b\\u{2029}c\\u{85}d'],
  ['\ud800x\u{e0041}', '\\u{d800}x\\u{e0041}'],
  ['Zoë “שלום” 😀 é', 'Zoë “שלום” 😀 é'],
])('text of others is printed as one line without commands: %j', (text, shown) => {
  expect(printable(text)).toBe(shown);
});
