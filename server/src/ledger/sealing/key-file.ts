import { chmod, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyGeneration } from '../tree/key-chain.js';
import {
  generateSigningKey,
  isSupported,
  parseSigningKey,
  type SigningKey,
} from '../tree/note-keys.js';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { readWhole, writeWhole } from './whole-file.js';

/** Private keys that sign together. */
export interface SecretKeys {
  readonly origin: string;
  readonly generation: number;
  /** Those that this Node can sign with. */
  readonly signers: readonly SigningKey[];
  /** One line each, also of those that it cannot. */
  readonly secrets: readonly string[];
}

const SIGNED_WITH = [SIGNATURE_TYPES.ed25519, SIGNATURE_TYPES.mlDsa44Cosignature];
const OWNER_ONLY = 0o600;

export function generateKeys(origin: string, generation: number): SecretKeys {
  const signers = SIGNED_WITH.filter(isSupported).map((type) => generateSigningKey(origin, type));
  return { origin, generation, signers, secrets: signers.map(({ secret }) => secret) };
}

/**
 * Whether the generation has these keys and no others. Those that this Node cannot read are counted:
 * their public keys are not known here.
 */
export function areThoseOf(
  own: SecretKeys | null,
  { generation, vkeys }: KeyGeneration,
): own is SecretKeys {
  return (
    own?.generation === generation &&
    own.secrets.length === vkeys.length &&
    own.signers.every(({ vkey }) => vkeys.includes(vkey))
  );
}

/**
 * The log's private keys: `ledger-key` in ROLECALL_HOME, outside of the database. The first line is
 * the generation, each further one a key. `ledger-key.next` is there while a rotation is under way.
 */
export class KeyFile {
  private readonly path: string;

  constructor(home: string) {
    this.path = join(home, 'ledger-key');
  }

  async read(): Promise<SecretKeys | null> {
    const keys = await readKeys(this.path);
    if (keys) await chmod(this.path, OWNER_ONLY);
    return keys;
  }

  readNext(): Promise<SecretKeys | null> {
    return readKeys(`${this.path}.next`);
  }

  /** Keys that are there already stay. */
  writeFirst(keys: SecretKeys): Promise<void> {
    return writeKeys(this.path, keys, true);
  }

  writeNext(keys: SecretKeys): Promise<void> {
    return writeKeys(`${this.path}.next`, keys);
  }

  /** Puts the next keys in the place of the ones that were, unless another process did. */
  async promoteNext(): Promise<void> {
    await rename(`${this.path}.next`, this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

async function readKeys(path: string): Promise<SecretKeys | null> {
  const bytes = await readWhole(path);
  if (!bytes) return null;
  const [generation, ...secrets] = bytes.toString('utf8').trim().split('\n');
  const signers = secrets.flatMap((secret) => {
    try {
      return [parseSigningKey(secret)];
    } catch {
      return []; // a kind of key that this Node does not know
    }
  });
  const origin = signers[0]?.name;
  if (!/^[1-9]\d*$/.test(generation ?? '') || origin === undefined) {
    throw new Error(`${path} does not hold the keys of a log: put it back from a backup`);
  }
  return { origin, generation: Number(generation), signers, secrets };
}

function writeKeys(
  path: string,
  { generation, secrets }: SecretKeys,
  isFirst = false,
): Promise<void> {
  const text = `${[generation, ...secrets].join('\n')}\n`;
  return writeWhole(path, Buffer.from(text), { mode: OWNER_ONLY, isFirst });
}
