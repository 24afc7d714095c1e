import { expect, it } from '@jest/globals';
import { actorText } from './actorText';

const translate = (key: string, { name }: { name: string }) => `${key}(${name})`;

it.each([
  ['operator', 'kim@example.com'],
  ['system', 'kim@example.com'],
  [undefined, 'kim@example.com'],
  ['api_key', 'app.actor.api_key(kim@example.com)'],
  ['participant', 'app.actor.participant(kim@example.com)'],
  ['user', 'app.actor.user(kim@example.com)'],
  [null, 'app.actor.unknown(kim@example.com)'],
])('says what %s is', (kind, expected) => {
  expect(actorText('kim@example.com', kind, translate)).toBe(expected);
});
