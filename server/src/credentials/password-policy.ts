import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { fieldError } from '../common/errors/app-error.js';

/** Fewer guesses than 10^10 is what zxcvbn gives less than its best score. */
const BEST_SCORE = 4;
/** Estimating costs more than the square of the length; what is good here is good when it goes on. */
const ESTIMATED_CHARACTERS = 32;
const FEWEST_CHARACTERS = 5;
const FEWEST_LEFT = 8;
const PRODUCT = ['rolecall', 'livekit'];

let estimator: ZxcvbnFactory | null = null;

/** Refuses a password that is among the first to be guessed. `about`: the account's own names. */
export function assertGoodPassword(field: string, password: string, about: string[]): void {
  const weakness = weaknessOf(password, about);
  if (weakness !== null) throw fieldError(field, weakness, 'auth.weak_password');
}

/** What is wrong with it, or null. */
export function weaknessOf(password: string, about: readonly string[]): string | null {
  const left = runless(password);
  if (left.length < FEWEST_LEFT || new Set(left).size < FEWEST_CHARACTERS) return TEXTS.repeat;
  estimator ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  const { score, sequence } = estimator.check(password.slice(0, ESTIMATED_CHARACTERS), [
    ...PRODUCT,
    ...partsOf(about),
  ]);
  if (score >= BEST_SCORE) return null;
  const longest = [...sequence].sort((a, b) => b.token.length - a.token.length)[0];
  return textOf(longest);
}

const TEXTS = {
  repeat: 'repeats the same few characters; use some unrelated words',
  keys: 'is a run of neighbouring keys or characters; use some unrelated words',
  own: 'is made of the name, the e-mail or the product; use some unrelated words',
  common: 'is one of the passwords that are tried first; use some unrelated words',
  weak: 'is too easy to guess; use some unrelated words',
} as const;

function textOf(match: { pattern?: string; dictionaryName?: string } | undefined): string {
  switch (match?.pattern) {
    case 'repeat':
      return TEXTS.repeat;
    case 'spatial':
    case 'sequence':
      return TEXTS.keys;
    case 'dictionary':
      return match.dictionaryName === 'userInputs' ? TEXTS.own : TEXTS.common;
    default:
      return TEXTS.weak;
  }
}

/** `aaabbb` is as easy to guess as `ab`. */
function runless(password: string): string {
  return password.replace(/(.)\1+/gsu, '$1');
}

/** `ana.lopez@example.com` is known as a whole, and by each of its words. */
function partsOf(about: readonly string[]): string[] {
  return about.flatMap((text) => [
    text.slice(0, 100),
    ...text.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 2),
  ]);
}
