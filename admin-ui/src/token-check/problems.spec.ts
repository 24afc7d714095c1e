import { expect, it } from '@jest/globals';
import { problemsOf } from './problems';

const NOW = Date.UTC(2026, 10, 28);
const GOOD = { sub: 'ana', video: { room: 'a' }, exp: NOW / 1_000 + 60 };
const of = (payload: object, alg = 'HS256') =>
  problemsOf({ header: { alg }, payload: { ...payload } }, NOW);

it('finds nothing wrong with a token as LiveKit takes it', () => {
  expect(of(GOOD)).toEqual([]);
});

it.each([
  ['expired', { ...GOOD, exp: NOW / 1_000 - 1 }],
  ['not_yet', { ...GOOD, nbf: NOW / 1_000 + 600 }],
  ['no_grants', { sub: 'ana' }],
  ['no_identity', { video: {} }],
])('tells that it is %s', (problem, payload) => {
  expect(of(payload)).toContain(problem);
});

it('tells that nobody signed it, and that it was cut off', () => {
  expect(of(GOOD, 'none')).toEqual(['no_signature']);
  expect(problemsOf(null, NOW)).toEqual(['not_whole']);
});
