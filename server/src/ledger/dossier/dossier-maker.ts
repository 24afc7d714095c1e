import { createHash } from 'node:crypto';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError, fieldError } from '../../common/errors/app-error.js';
import { canonicalJson } from '../../common/canonical-json.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { ExportProofs } from '../export/export-proofs.js';
import { actorPart, leafHash, leafText, type StoredEntry, subjectPart } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerKeys, type LogKeys } from '../sealing/ledger-keys.js';
import { SealingStopped } from '../sealing/sealing-stopped.js';
import { TreeReader } from '../sealing/tree-reader.js';
import { toBase64, toHex } from '../tree/bytes.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { bytesOf, DossierEntries, type SessionEntry, type SessionTime } from './dossier-entries.js';
import { type DossierManifest, type DossierRole, signDossierManifest } from './dossier-format.js';
import { Anonymous, type Redacting, Redaction } from './redaction.js';

export interface DossierRequest {
  readonly room: string;
  /** The id of the entry with which the session began. */
  readonly session: string;
  readonly startedAt: Date;
  /** Null: it runs. */
  readonly endedAt: Date | null;
  /** When the next session began. */
  readonly next: Date | null;
  /** The participant that it is for; null: nobody in particular. */
  readonly for: string | null;
  /** Whether it names everybody; false with `for`. */
  readonly hasPeople: boolean;
  /** How roles are called and drawn, by their keys. */
  readonly rolesOf: (keys: readonly string[]) => Promise<readonly DossierRole[]>;
}

/** The JSON of a dossier, in pieces. */
export interface MadeDossier {
  readonly manifest: DossierManifest;
  readonly json: readonly string[];
}

type SealedEntry = SessionEntry & { readonly leaf: number };

const MAX_ENTRIES = 20_000;
const MEGABYTE = 1024 * 1024;
const MAX_BYTES = 24 * MEGABYTE;
const MAX_PEOPLE = 5_000;
/** An entry is sealed within a second as a rule. */
const SEALED_WITHIN_MS = 3_000;
const LOOK_MS = 150;
/** What ends with a session is written just after it. */
const TRAIL_MS = 2_000;
const PROOFS_AT_ONCE = 64;

/** Makes the data of dossiers: the entries of a session, each with its proof. */
@Injectable()
export class DossierMaker {
  constructor(
    private readonly entries: DossierEntries,
    private readonly proofs: ExportProofs,
    private readonly keys: LedgerKeys,
    private readonly tree: TreeReader,
    private readonly ledger: LedgerService,
    private readonly clock: DatabaseClock,
  ) {}

  /** Of entries, in bytes: all of it is in memory while it is made, some of it twice. */
  mostBytes = MAX_BYTES;

  /** That it was made is in the ledger before it is there. */
  async make(actor: Actor, request: DossierRequest): Promise<MadeDossier> {
    const keys = await this.readKeys();
    const madeAt = this.clock.now();
    const time = timeOf(request, madeAt);
    const read = await this.readSealed(actor, time);
    const sealed = read.filter((one): one is SealedEntry => one.leaf !== null);
    if (sealed.length === 0) {
      throw new AppError(
        'conflict',
        'ledger.not_sealed',
        'No entry of the session is sealed yet.',
        {
          retryAfter: 1,
        },
      );
    }
    if (request.for !== null && !sealed.some(({ entry }) => entry.identity === request.for)) {
      throw fieldError('for', 'is nobody whom an entry of this session is about');
    }
    const end = sealed.reduce((most, { leaf }) => Math.max(most, leaf + 1), 0);
    const note = await this.proofs.checkpointFor(end);
    const { size } = openCheckpoint(note, keys.origin, keys.verifiers);
    const hashes = new SharedHashes();
    const proofs = await this.proofsOf(sealed, size, hashes);
    const redaction = redactionOf(
      request,
      sealed.map(({ entry }) => entry),
    );
    const sum = createHash('sha256');
    const lines: string[] = [];
    for (const [i, one] of sealed.entries()) {
      const line = lineOf(one, proofs[i] as readonly number[], redaction);
      sum.update(`${line}\n`);
      lines.push(line);
      if (i % PROOFS_AT_ONCE === 0) await setImmediate(); // others have their turn
    }
    const forgotten = await this.entries.forgottenBy(actor, time);
    const roles = await request.rolesOf(rolesIn(sealed));
    const manifest: DossierManifest = {
      origin: keys.origin,
      madeAt: madeAt.toISOString(),
      madeBy: request.for === null ? actor.label : null,
      room: request.room,
      session: request.session,
      startedAt: request.startedAt.toISOString(),
      endedAt: request.endedAt?.toISOString() ?? null,
      until: (request.endedAt ?? madeAt).toISOString(),
      for: request.for,
      hasPeople: request.hasPeople,
      leaves: sealed.map(({ leaf }) => leaf),
      unsealed: read.filter(({ leaf, isBeforeTree }) => leaf === null && !isBeforeTree).length,
      beforeTree: read.filter(({ isBeforeTree }) => isBeforeTree).length,
      ...(forgotten.length > 0 && { forgotten }),
      treeSize: size,
      witnesses: await this.proofs.witnesses(),
      roles: roles.filter(({ key, name }) => !redaction?.isAboutOthers(key, name)),
      entriesSha256: sum.digest('hex'),
    };
    const published = (await this.keys.publicKeys()).map(({ generation, vkey, signature }) => ({
      generation,
      vkey,
      signature,
    }));
    const json = [
      `{"checkpoint":${JSON.stringify(note)},"keys":${JSON.stringify(published)},"entries":[\n`,
      ...lines.map((line, i) => (i === 0 ? line : `,\n${line}`)),
      `\n],"hashes":${JSON.stringify(hashes.all)},`,
      `"manifest":${JSON.stringify(signDossierManifest(manifest, keys.signers))}}`,
    ];
    await this.record(actor, manifest);
    return { manifest, json };
  }

  private async readKeys(): Promise<LogKeys> {
    try {
      return await this.keys.read();
    } catch (error) {
      if (!(error instanceof SealingStopped)) throw error;
      throw new AppError(
        'unavailable',
        'ledger.no_key',
        'This server does not have the key of the log, which signs what a dossier holds.',
        { cause: error },
      );
    }
  }

  /** Waits a little for the newest entries to be sealed. */
  private async readSealed(actor: Actor, time: SessionTime): Promise<SessionEntry[]> {
    const giveUpAt = performance.now() + SEALED_WITHIN_MS;
    for (;;) {
      const read = await this.entries.list(actor, time, MAX_ENTRIES + 1, this.mostBytes);
      if (read === null) throw tooLarge(`${this.mostBytes / MEGABYTE} MB of entries`);
      if (read.length > MAX_ENTRIES) throw tooLarge(`${MAX_ENTRIES} entries`);
      const isSealed = read.every(({ leaf, isBeforeTree }) => leaf !== null || isBeforeTree);
      if (!isSealed && performance.now() < giveUpAt) {
        await setTimeout(LOOK_MS);
        continue;
      }
      const left = this.mostBytes - bytesOf(read);
      const earlier = await this.entries.rolesBefore(actor, time, peopleIn(read), left);
      if (earlier === null) throw tooLarge(`${this.mostBytes / MEGABYTE} MB of entries`);
      return [...earlier, ...read];
    }
  }

  /** The places of each proof's hashes among those that all share. */
  private async proofsOf(
    sealed: readonly SealedEntry[],
    size: number,
    hashes: SharedHashes,
  ): Promise<number[][]> {
    const places = new Map<number, number[]>();
    const leaves = sealed.map(({ leaf }) => leaf).toSorted((a, b) => a - b);
    for (let i = 0; i < leaves.length; i += PROOFS_AT_ONCE) {
      const some = leaves.slice(i, i + PROOFS_AT_ONCE);
      const proofs = await this.tree.inclusionProofs(some, size);
      some.forEach((leaf, k) =>
        places.set(
          leaf,
          (proofs[k] ?? []).map((one) => hashes.add(one)),
        ),
      );
    }
    return sealed.map(({ leaf }) => places.get(leaf) as number[]);
  }

  private async record(actor: Actor, manifest: DossierManifest): Promise<void> {
    const { room, session, leaves, until, treeSize, entriesSha256 } = manifest;
    await this.ledger.appendDurably({
      kind: 'ledger.exported',
      outcome: 'ok',
      actor,
      room,
      identity: manifest.for,
      payload: {
        what: 'dossier',
        session,
        until,
        entries: leaves.length,
        hasPeople: manifest.hasPeople,
        treeSize,
        entriesSha256,
      },
    });
  }
}

function tooLarge(most: string): AppError {
  const text = `The session has more than ${most}. Export them with: npm run rolecall -- ledger export`;
  return new AppError('too_large', 'dossier.too_large', text);
}

class SharedHashes {
  readonly all: string[] = [];
  private readonly places = new Map<string, number>();

  add(hash: Uint8Array): number {
    const text = toBase64(hash);
    const known = this.places.get(text);
    if (known !== undefined) return known;
    this.places.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}

function timeOf({ room, startedAt, endedAt, next }: DossierRequest, now: Date): SessionTime {
  const last = endedAt ? endedAt.getTime() + TRAIL_MS : now.getTime() + 1;
  return { room, startedAt, before: new Date(Math.min(last, next?.getTime() ?? Infinity)) };
}

function peopleIn(read: readonly SessionEntry[]): string[] {
  const joined = read.filter(({ entry }) => entry.kind === 'participant.joined');
  const people = new Set(joined.map(({ entry }) => entry.identity).filter((one) => one !== null));
  return [...people].slice(0, MAX_PEOPLE);
}

function redactionOf(
  { for: whom, hasPeople }: DossierRequest,
  entries: readonly StoredEntry[],
): Redacting | null {
  if (whom !== null) return new Redaction(whom, entries);
  return hasPeople ? null : new Anonymous();
}

/** The role templates that the entries name. */
function rolesIn(sealed: readonly SealedEntry[]): string[] {
  const keys = new Set<string>();
  for (const { entry } of sealed) {
    for (const [, key] of entry.payload.matchAll(/"template":("(?:[^"\\]|\\.)*")/g)) {
      keys.add(JSON.parse(key as string) as string);
    }
  }
  return [...keys];
}

/** One entry as RFC 8785 text. */
function lineOf(
  { entry, leaf }: SealedEntry,
  proof: readonly number[],
  redaction: Redacting | null,
): string {
  const told = redaction?.of(entry) ?? ALL;
  const { actorSalt, actorCommitment, subjectSalt, subjectCommitment } = entry;
  const members: [string, string | null][] = [
    ['about', told.about === null ? null : canonicalJson(told.about)],
    [
      'actor',
      told.hasActor && actorSalt && !actorCommitment ? partOf(actorPart(entry), actorSalt) : null,
    ],
    ['by', told.by === null ? null : canonicalJson(told.by)],
    ['entry', told.hasText ? leafText(entry) : 'null'],
    ['hash', told.hasText ? null : `"${hashOf(entry)}"`],
    ['id', JSON.stringify(ledgerId(entry))],
    ['leaf', `${leaf}`],
    ['proof', JSON.stringify(proof)],
    [
      'subject',
      told.hasSubject && subjectSalt && !subjectCommitment
        ? partOf(subjectPart(entry), subjectSalt)
        : null,
    ],
  ];
  const given = members.filter(([, text]) => text !== null);
  return `{${given.map(([name, text]) => `"${name}":${text}`).join(',')}}`;
}

const ALL = { hasText: true, hasActor: true, hasSubject: true, by: null, about: null };

function hashOf(entry: StoredEntry): string {
  return toHex(leafHash(entry));
}

function partOf(part: string, salt: Uint8Array): string {
  return `{"part":${part},"salt":"${toHex(salt)}"}`;
}
