import { describe, expect, it } from '@jest/globals';
import { weaknessOf } from './password-policy.js';

const ANA = ['ana.lopez@example.com', 'Ana Lopez'];

describe('a password', () => {
  it.each([
    ['password1234', /tried first/],
    ['Password123!', /tried first/],
    ['P@ssw0rd1234', /tried first/],
    ['1q2w3e4r5t6y', /tried first/],
    ['changeme1234', /tried first/],
    ['Summer2024!!', /tried first/],
    ['football2026!', /tried first/],
    ['aaaaaaaaaaaa', /repeats/],
    ['abcabcabcabcabc', /repeats/],
    ['passwordpassword', /repeats/],
    ['11112222333344445555', /guess|repeats|tried first/],
    ['aB3$'.repeat(64), /repeats/],
    ['asdfghjkl;123', /neighbouring/],
    ['abcdefghijklmnop', /neighbouring/],
    ['rolecallrolecall', /product/],
    ['rolecall1234', /product/],
    ['ana.lopez@example.com', /e-mail/],
    ['lopezlopezana', /guess|repeats|name/],
    ['AnaLopez2026', /name/],
  ])('like %s is refused, with the reason', (password, reason) => {
    expect(weaknessOf(password, ANA)).toMatch(reason);
  });

  it.each([
    'correct horse battery',
    'battery staple horse',
    'xkqjzvbwpfmg',
    'Ana likes 4 green kettles',
    'Москва слезам не верит',
    '鳥が歌う朝の静かな庭の中で',
    '7f0c2a51-9d7e-4c53-8b1e-2f6a90d3c4b8',
  ])('like %s is good', (password) => {
    expect(weaknessOf(password, ANA)).toBeNull();
  });
});
