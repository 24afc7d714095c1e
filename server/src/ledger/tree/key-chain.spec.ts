import { describe, expect, it } from '@jest/globals';
import { type KeyGeneration, keyChainProblem, keysToTrust, signKeys } from './key-chain.js';
import { SIGNATURE_TYPES } from './note.js';
import { generateSigningKey, isSupported, type SigningKey, verifiersOf } from './note-keys.js';

const ORIGIN = 'rolecall.example.com/ledger';
const key = () => generateSigningKey(ORIGIN, SIGNATURE_TYPES.ed25519);
const hasMlDsa = isSupported(SIGNATURE_TYPES.mlDsa44Cosignature);
/** The other key of a generation, as the log itself has it. */
const beside = () =>
  hasMlDsa ? generateSigningKey(ORIGIN, SIGNATURE_TYPES.mlDsa44Cosignature) : key();

const namesOf = (keys: readonly SigningKey[]) => keys.map(({ vkey }) => vkey).sort();
const first = (...keys: SigningKey[]): KeyGeneration => ({
  generation: 1,
  vkeys: namesOf(keys),
  signature: null,
});
function next(generation: number, signer: SigningKey, ...keys: SigningKey[]): KeyGeneration {
  const vkeys = namesOf(keys);
  return { generation, vkeys, signature: signKeys(ORIGIN, { generation, vkeys }, signer) };
}

const [a1, a2, a3, mine, mine2] = [key(), key(), key(), key(), key()];
const [b1, b2] = [beside(), beside()];
const real = [first(a1, b1), next(2, a1, a2, b2), next(3, a2, a3)];

const trusted = (generations: readonly KeyGeneration[], ...known: SigningKey[]) =>
  keysToTrust(ORIGIN, generations, namesOf(known), verifiersOf).sort();

describe('the keys that are trusted', () => {
  it('are the known one and the generations that follow from it, with all their keys', () => {
    expect(trusted(real, a1)).toEqual(namesOf([a1, a2, b2, a3]));
    expect(trusted(real, a1, b1)).toEqual(namesOf([a1, b1, a2, b2, a3]));
    expect(trusted(real, a2)).toEqual(namesOf([a2, a3]));
    expect(trusted(real, a3)).toEqual(namesOf([a3]));
    expect(trusted(real, b1)).toEqual(namesOf([b1]));
    const all = keysToTrust(ORIGIN, real, null, verifiersOf).sort();
    expect(all).toEqual(namesOf([a1, b1, a2, b2, a3]));
  });

  it.each<[string, KeyGeneration[]]>([
    ['beside the known one', [first(a1, b1, mine)]],
    ['before the known one, which it signs', [first(mine), next(2, mine, a1)]],
    ['that follow from one beside the known one', [first(a1, mine), next(2, mine, mine2)]],
    [
      'that follow from one before the known one, past it',
      [first(mine), next(2, mine, a1, mine2), next(3, mine2, mine)],
    ],
  ])('are not those %s', (_, generations) => {
    expect(keyChainProblem(ORIGIN, generations, verifiersOf)).toBeNull();
    expect(trusted(generations, a1)).toEqual(namesOf([a1]));
  });

  it.each<[string, KeyGeneration[], RegExp]>([
    ['nobody before has signed', [first(a1), next(2, mine, mine)], /2 .*not signed by the one/],
    ['lacks a key', [first(a1), { ...next(2, a1, a2, b2), vkeys: [a2.vkey] }], /2 has other keys/],
    ['is left out', [first(a1), next(3, a1, a2)], /generation 2 of the keys is missing/],
    [
      'is of another log',
      [first(generateSigningKey('x.example', SIGNATURE_TYPES.ed25519))],
      /1 has a key of another log/,
    ],
  ])('are none when a generation %s', (_, generations, problem) => {
    expect(keyChainProblem(ORIGIN, generations, verifiersOf)).toMatch(problem);
    expect(() => trusted(generations, a1)).toThrow(problem);
  });
});
