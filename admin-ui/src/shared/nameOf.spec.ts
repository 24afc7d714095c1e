import { expect, it } from '@jest/globals';
import { nameOf } from './nameOf';

const shown = (name: string | null) => nameOf({ name, identity: 'ana-1' });

it.each([
  ['Ana Ruiz', 'Ana Ruiz'],
  ['علي رضا', 'علي رضا'],
  ['क्षत्रिय', 'क्षत्रिय'],
  ['👩‍👩‍👧 family', '👩‍👩‍👧 family'],
  // Right-to-left marks would turn round the sentence that the name is in.
  ['\u202EziuR anA', 'ziuR anA'],
  ['\u2067Ana\u2069 Ruiz', 'Ana Ruiz'],
  ['Ana\n\nRuiz\t', 'Ana Ruiz'],
  ['Ana\u200b Ruiz\ufeff', 'Ana Ruiz'],
  // A wide blank would push the identity out of the row.
  [`Ana Ruiz${'\u2800'.repeat(50)}.`, 'Ana Ruiz .'],
])('shows the name %j as %j', (name, text) => {
  expect(shown(name)).toBe(text);
});

it.each([null, '', '   ', '\u3164\u2800', '\u200d\u200d', '\u202e', '\u0301'])(
  'shows the identity of who has no name that can be seen: %j',
  (name) => {
    expect(shown(name)).toBe('ana-1');
  },
);
