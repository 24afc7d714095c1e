import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { APP_CONFIG, type AppConfig } from '../../config/app-config.js';
import { generationsOf, keyChainProblem, signKeys } from '../tree/key-chain.js';
import { type SigningKey, verifiersOf } from '../tree/note-keys.js';
import { type NoteVerifier, parseVerifierKey, SIGNATURE_TYPES } from '../tree/note.js';
import { Transactions } from '../transactions.js';
import { areThoseOf, generateKeys, KeyFile, type SecretKeys } from './key-file.js';
import { LastSigned } from './last-signed.js';
import { SealingStopped } from './sealing-stopped.js';
import { ADD_KEYS, type StoredKey, TreeStore } from './tree-store.js';

/** What the sealer signs with, and checks its own earlier signatures with. */
export interface LogKeys {
  readonly origin: string;
  readonly generation: number;
  readonly signers: readonly SigningKey[];
  /** Of all generations. */
  readonly verifiers: readonly NoteVerifier[];
}

/** The log's keys: the private ones in a file of this server, the public ones also in Postgres. */
@Injectable()
export class LedgerKeys {
  private readonly file: KeyFile;
  private loaded: LogKeys | null = null;

  constructor(
    private readonly store: TreeStore,
    private readonly lastSigned: LastSigned,
    private readonly transactions: Transactions,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    this.file = new KeyFile(config.home);
  }

  /** Makes the first keys of a log that has none. Throws `SealingStopped` when they do not fit. */
  async read(): Promise<LogKeys> {
    const generation = await this.store.generation();
    if (this.loaded?.generation === generation) return this.loaded;
    const stored = generation === 0 ? await this.begin() : await this.store.keys();
    return (this.loaded = await this.match(stored));
  }

  /** All public keys, the oldest first. */
  async publicKeys(): Promise<(StoredKey & { retiredAt: Date | null })[]> {
    const keys = await this.store.keys();
    return keys.map((key) => ({
      ...key,
      retiredAt:
        keys.find(({ generation }) => generation === key.generation + 1)?.createdAt ?? null,
    }));
  }

  /** The old key signs the new ones, and signs nothing from then on. */
  async rotate(actor: Actor): Promise<string[]> {
    if ((await this.store.generation()) === 0) {
      throw new SealingStopped('key_missing', 'The log has no keys yet: start the server first.');
    }
    const { origin, generation, signers } = await this.read();
    const signer = signers.find(
      ({ vkey }) => parseVerifierKey(vkey).type === SIGNATURE_TYPES.ed25519,
    );
    if (!signer)
      throw new SealingStopped('key_missing', 'The log has no Ed25519 key to hand over.');
    const next = generateKeys(origin, generation + 1);
    const vkeys = vkeysOf(next);
    const signature = signKeys(origin, { generation: next.generation, vkeys }, signer);
    await this.file.writeNext(next);
    await this.transactions.run(async (tx) => {
      const { rows } = await tx.query<{ isAdded: boolean }>(ADD_KEYS, [
        next.generation,
        vkeys,
        signature,
      ]);
      if (!rows[0]?.isAdded) {
        throw new AppError('conflict', 'ledger.keys_changed', 'Another rotation came first.');
      }
      tx.record({
        kind: 'ledger.key_rotated',
        outcome: 'ok',
        actor,
        payload: { generation: next.generation, keys: vkeys },
      });
    });
    await this.file.promoteNext();
    this.loaded = null;
    return vkeys;
  }

  private async begin(): Promise<StoredKey[]> {
    const signed = await this.lastSigned.read();
    if (signed !== null) {
      throw new SealingStopped(
        'postgres_behind',
        'Postgres knows no key and no checkpoint of the log, but this server has signed one: the database was replaced.',
      );
    }
    await this.file.writeFirst(generateKeys(originOf(this.config.publicUrl), 1));
    const keys = await this.file.read();
    if (keys) await this.store.addFirstKeys(vkeysOf(keys));
    return this.store.keys();
  }

  private async match(stored: readonly StoredKey[]): Promise<LogKeys> {
    const generations = generationsOf(stored);
    const newest = generations.at(-1);
    let own = await this.file.read();
    if (newest && !areThoseOf(own, newest)) {
      const next = await this.file.readNext();
      if (areThoseOf(next, newest)) {
        await this.file.promoteNext(); // a rotation was cut off after its commit
        own = next;
      }
    }
    if (!own) {
      throw new SealingStopped(
        'key_missing',
        `This server lacks the log's key: put ledger-key into ${this.config.home}, from a backup or from the server that made it.`,
      );
    }
    if (!newest || !areThoseOf(own, newest)) {
      throw new SealingStopped(
        'key_changed',
        `The keys that Postgres names for the log are not those of the ledger-key in ${this.config.home}.`,
      );
    }
    const problem = keyChainProblem(own.origin, generations, verifiersOf);
    if (problem !== null) throw new SealingStopped('key_changed', `In Postgres ${problem}.`);
    return {
      origin: own.origin,
      generation: own.generation,
      signers: own.signers,
      verifiers: verifiersOf(
        generations.flatMap(({ vkeys }) =>
          vkeys === newest.vkeys ? own.signers.map(({ vkey }) => vkey) : vkeys,
        ),
      ),
    };
  }
}

function vkeysOf({ signers }: SecretKeys): string[] {
  return signers.map(({ vkey }) => vkey).sort();
}

/** Where the log is served, or a name that no other log has. It stays, whatever the address becomes. */
function originOf(publicUrl: string): string {
  const { hostname, host } = new URL(publicUrl);
  const isLocal = /^(localhost|127\.|\[::1\]|0\.0\.0\.0)/.test(hostname);
  return isLocal ? `rolecall-${randomBytes(8).toString('hex')}/ledger` : `${host}/ledger`;
}
