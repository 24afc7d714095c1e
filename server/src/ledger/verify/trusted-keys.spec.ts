import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generateKeys, KeyFile, type SecretKeys } from '../sealing/key-file.js';
import type { StoredKey } from '../sealing/tree-store.js';
import { signCheckpoint } from '../tree/checkpoint.js';
import { signKeys } from '../tree/key-chain.js';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey, type SigningKey } from '../tree/note-keys.js';
import { treeHasher } from '../tree/sha256.js';
import { parsePolicy } from '../witness/policy.js';
import { readTrustedKeys } from './trusted-keys.js';

const ORIGIN = 'rolecall.example.com/ledger';
const mine = generateSigningKey(ORIGIN, SIGNATURE_TYPES.ed25519);
const [one, two] = [generateKeys(ORIGIN, 1), generateKeys(ORIGIN, 2)];

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'rolecall-keys-'));
});
afterEach(() => rmSync(home, { recursive: true }));

const ed25519Of = ({ signers }: SecretKeys) => signers[0] as SigningKey;
const note = (...signers: readonly SigningKey[]) =>
  signCheckpoint({ origin: ORIGIN, size: 1, root: treeHasher.emptyRoot }, signers);

function stored(
  generation: number,
  keys: readonly SigningKey[],
  signer: SigningKey | null = null,
): StoredKey[] {
  const vkeys = keys.map(({ vkey }) => vkey).sort();
  const signature = signer && signKeys(ORIGIN, { generation, vkeys }, signer);
  return vkeys.map((vkey) => ({ generation, vkey, signature, createdAt: new Date(0) }));
}

describe('the keys that ledger verify trusts', () => {
  it('are those of the key file; older ones open older checkpoints only', async () => {
    await new KeyFile(home).writeFirst(two);
    const keys = await readTrustedKeys(home, null, [
      ...stored(1, one.signers),
      ...stored(2, two.signers, ed25519Of(one)),
    ]);
    expect(keys.problem).toBeNull();
    expect(keys.openNewest(note(...two.signers)).size).toBe(1);
    expect(keys.open(note(...one.signers)).size).toBe(1);
    expect(() => keys.openNewest(note(...one.signers))).toThrow(/before the last rotation/);
  });

  it('are not one that the database names beside them', async () => {
    await new KeyFile(home).writeFirst(one);
    const keys = await readTrustedKeys(home, null, stored(1, [...one.signers, mine]));
    expect(keys.problem).toMatch(/other keys/);
    for (const open of [keys.open, keys.openNewest]) {
      expect(() => open(note(mine))).toThrow(/no known key/);
      expect(open(note(...one.signers)).size).toBe(1);
    }
  });

  it('are not one before them by which the database lets them be signed', async () => {
    await new KeyFile(home).writeFirst(two);
    const keys = await readTrustedKeys(home, null, [
      ...stored(1, [mine]),
      ...stored(2, two.signers, mine),
    ]);
    expect(() => keys.openNewest(note(mine))).toThrow(/before the last rotation/);
    // As the first generation they are not the second one.
    await new KeyFile(home).writeNext(one);
    await new KeyFile(home).promoteNext();
    const first = await readTrustedKeys(home, null, [
      ...stored(1, [mine]),
      ...stored(2, one.signers, mine),
    ]);
    expect(first.problem).toMatch(/other keys/);
  });

  it('are, with a policy alone, its logs and what they signed', async () => {
    const policy = parsePolicy(`log ${ed25519Of(one).vkey}\nquorum none\n`);
    const keys = await readTrustedKeys(home, policy, [
      ...stored(1, [...one.signers, mine]),
      ...stored(2, two.signers, ed25519Of(one)),
    ]);
    expect(keys.problem).toBeNull();
    for (const signers of [one.signers, two.signers]) {
      expect(keys.openNewest(note(...signers)).size).toBe(1);
    }
    expect(() => keys.openNewest(note(mine))).toThrow();
  });
});
