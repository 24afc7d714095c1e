import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, Logger } from '@nestjs/common';
import type pg from 'pg';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { printableJson } from '../../common/printable.js';
import { Connections } from '../../database/connections.js';
import { unavailableOn } from '../../database/database-errors.js';
import { likeOfPattern } from '../../database/like-of-pattern.js';
import { Redaction } from '../dossier/redaction.js';
import { instantOf, type StoredEntry } from '../leaf.js';
import { ledgerId } from '../ledger-entry.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerKeys, type LogKeys } from '../sealing/ledger-keys.js';
import { TreeStore } from '../sealing/tree-store.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { generationsOf } from '../tree/key-chain.js';
import { treeHasher } from '../tree/sha256.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import { AuthenticTiles } from '../verify/authentic-tiles.js';
import { EXPORT_FILE, type ExportHead, type Manifest, signManifest } from './export-format.js';
import { lineWithParts, type ToldParts } from './exported-line.js';
import { ExportProofs } from './export-proofs.js';
import { TileLines } from './tile-lines.js';
import { entriesOfPerson, looksAtPerson, type PersonScope } from './person-entries.js';

/** A row that is kept of somebody beside the log. */
export interface PersonRecord {
  readonly record: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface PersonExportRequest {
  readonly identity: string;
  /** Name patterns, in lists: a room has to match one of each list. None: all rooms. */
  readonly rooms: readonly (readonly string[])[];
  /** What else is kept of them, as its reader may see it. */
  readonly records: () => AsyncIterable<PersonRecord>;
  /** What is not in the file, in sentences. */
  readonly leftOut: readonly string[];
  /** Asked now and then, since it may take minutes. */
  readonly isStillAllowed: () => Promise<boolean>;
}

interface Run extends PersonExportRequest {
  readonly client: pg.Client;
  readonly actor: Actor;
  readonly keys: LogKeys;
  readonly head: ExportHead;
  readonly scope: PersonScope;
  /** Knows whom else their entries name. */
  readonly others: Redaction;
  readonly expected: number;
  readonly startedId: string;
  readonly sums: { readonly entries: Sum; readonly records: Sum };
  masked: number;
  unsealed: number;
  beforeTree: number;
  isDone: boolean;
}

const STATEMENT_MS = 30_000;
const ALLOWED_EVERY_MS = 10_000;

/**
 * All that Rolecall keeps of one person, as one stream that proves itself: rows beside the log, then their
 * entries with their proofs. Whoever else is named stays a commitment, or is replaced.
 */
@Injectable()
export class PersonExport implements BeforeApplicationShutdown {
  private readonly log = new Logger(PersonExport.name);
  private readonly open = new Set<Readable>();

  constructor(
    private readonly connections: Connections,
    private readonly keys: LedgerKeys,
    private readonly store: TreeStore,
    private readonly proofs: ExportProofs,
    private readonly ledger: LedgerService,
  ) {}

  /** The stream. That it begins is in the log before its first byte leaves. Throws `person.not_found`. */
  async start(actor: Actor, request: PersonExportRequest): Promise<Readable> {
    const client = this.connections.client({
      application_name: 'rolecall-export',
      connectionTimeoutMillis: 5_000,
      settings: {
        statement_timeout: String(STATEMENT_MS),
        max_parallel_workers_per_gather: '0',
      },
    });
    client.on('error', () => undefined); // a lost connection also fails the query
    try {
      await client.connect();
      const run = await this.prepare(client, actor, request);
      const stream = Readable.from(this.parts(run), { objectMode: false, highWaterMark: 65_536 });
      this.open.add(stream);
      stream.once('close', () => {
        this.open.delete(stream);
        void client.end().catch(() => undefined);
        if (!run.isDone) void this.recordStop(run, stream.errored);
      });
      return stream;
    } catch (error) {
      await client.end().catch(() => undefined);
      throw unavailableOn(error);
    }
  }

  beforeApplicationShutdown(): void {
    for (const stream of this.open) stream.destroy(new Error('the server stops'));
  }

  private async prepare(
    client: pg.Client,
    actor: Actor,
    request: PersonExportRequest,
  ): Promise<Run> {
    const { identity, rooms } = request;
    const keys = await this.keys.read();
    const note = await this.proofs.checkpointFor(1);
    const treeSize = openCheckpoint(note, keys.origin, keys.verifiers).size;
    const scope = { identity, rooms: rooms.map((patterns) => patterns.map(likeOfPattern)) };
    const others = new Redaction(identity, []);
    let [expected, isKnown] = [0, false];
    // Before the first line is written it has to be known whom all of them name.
    for await (const batch of entriesOfPerson(client, scope)) {
      for (const { entry, leaf } of batch) {
        others.learn(entry);
        isKnown = true;
        if (leaf !== null && leaf < treeSize) expected++;
      }
      await nextTurn();
    }
    if (!isKnown && !(await hasAny(request.records()))) throw personNotFound();
    const archived = await countArchived(client);
    const filter = {
      person: identity,
      ...(rooms.length > 0 && { rooms: [...new Set(rooms.flat())] }),
    };
    const head: ExportHead = {
      export: EXPORT_FILE,
      origin: keys.origin,
      exportedAt: new Date().toISOString(),
      // The file is for the person: who made it is in the log.
      exportedBy: 'Rolecall',
      from: null,
      to: null,
      filter,
      after: null,
      firstLeaf: 0,
      endLeaf: treeSize,
      isWhole: false,
      hasPeople: true,
      treeSize,
      person: identity,
      checkpoint: note,
      keys: generationsOf(await this.store.keys()),
    };
    const { shard, seq, atMicros } = await this.ledger.appendDurably({
      kind: 'ledger.export_started',
      outcome: 'ok',
      actor,
      identity,
      payload: { what: 'person', format: 'ndjson', hasPeople: true, entries: expected, treeSize },
    });
    return {
      ...request,
      leftOut: [
        ...request.leftOut,
        ...(archived > 0
          ? ['entries that a rule has moved into archives, which are files beside the database']
          : []),
      ],
      client,
      actor,
      keys,
      head,
      scope,
      others,
      expected,
      startedId: ledgerId({ shard, seq, atMicros }),
      sums: { entries: new Sum(), records: new Sum() },
      masked: 0,
      unsealed: 0,
      beforeTree: 0,
      isDone: false,
    };
  }

  private async *parts(run: Run): AsyncGenerator<string> {
    const { head, client, scope, sums } = run;
    const tiles = await this.tilesOf(run);
    const said = new Set<number>();
    const stays = new Stays();
    let allowedUntil = performance.now() + ALLOWED_EVERY_MS;
    yield `${JSON.stringify(head)}\n{"progress":0,"of":${run.expected}}\n`;
    for await (const record of run.records()) yield recordLine(run, record);
    for await (const batch of entriesOfPerson(client, scope)) {
      if (performance.now() > allowedUntil) {
        if (!(await run.isStillAllowed())) throw new Error('whoever exports may not any longer');
        allowedUntil = performance.now() + ALLOWED_EVERY_MS;
      }
      let text = '';
      for (const { entry, leaf, isBeforeTree } of batch) {
        if (leaf === null || leaf >= head.treeSize) {
          if (isBeforeTree) run.beforeTree++;
          else run.unsealed++;
          continue;
        }
        const tile = Math.floor(leaf / TILE_WIDTH);
        if (!said.has(tile)) text += await tiles.line(0, tile);
        said.add(tile);
        text += sums.entries.add(`${lineWithParts(leaf, entry, this.toldOf(run, entry))}\n`);
        for (const record of recordsOf(run, entry, stays)) text += recordLine(run, record);
      }
      yield text;
      await nextTurn();
    }
    for (const record of stays.open()) yield recordLine(run, record);
    if (run.rooms.length === 0) {
      for await (const batch of looksAtPerson(client, run.identity)) {
        for (const { entry } of batch) yield recordLine(run, lookOf(entry));
      }
    }
    yield* tiles.above();
    const manifest = await this.finish(run);
    yield `${JSON.stringify({ manifest })}\n`;
    run.isDone = true;
  }

  /** Their own parts, unless these name somebody else as well: a part is there as a whole or not. */
  private toldOf(run: Run, entry: StoredEntry): ToldParts {
    const { actorKind, actorId, identity, personal, reason } = entry;
    const isOwn = identity === run.identity;
    const acted =
      ((actorKind === 'participant' || actorKind === 'user') && actorId === run.identity) ||
      // The address that the gate saw is theirs.
      (entry.kind.startsWith('gate.') && actorKind === 'system' && isOwn);
    const says = [personal === null ? null : (JSON.parse(personal) as unknown), reason];
    const subject = isOwn && !run.others.namesOthers(says);
    if (entry.subjectSalt !== null && !subject) run.masked++;
    return { actor: acted, subject };
  }

  /** Writes into the log what was handed out; answers with the signed manifest. */
  private async finish(run: Run): Promise<string> {
    const { export: _, checkpoint: _note, keys: _keys, after: _after, ...said } = run.head;
    const { entries, records } = run.sums;
    const manifest: Manifest = {
      ...said,
      format: 'ndjson',
      entries: entries.count,
      entriesSha256: entries.hex(),
      records: records.count,
      recordsSha256: records.hex(),
      leftOut: [...run.leftOut, ...countsLeftOut(run)],
    };
    await this.ledger.appendDurably({
      kind: 'ledger.exported',
      outcome: 'ok',
      actor: run.actor,
      identity: run.identity,
      payload: {
        what: 'person',
        started: run.startedId,
        format: 'ndjson',
        entries: manifest.entries,
        records: manifest.records,
        hasPeople: true,
        treeSize: manifest.treeSize,
        entriesSha256: manifest.entriesSha256,
        recordsSha256: manifest.recordsSha256,
      },
    });
    return signManifest(manifest, run.keys.signers);
  }

  private async recordStop(run: Run, error: Error | null): Promise<void> {
    const { actor, identity, startedId, sums } = run;
    // Without one, whoever took it has gone.
    const isGone =
      error === null || (error as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE';
    if (!isGone) this.log.warn('The file about a person was cut off', { error });
    const why = isGone ? 'reader_left' : 'failed';
    try {
      await this.ledger.appendDurably({
        kind: 'ledger.export_stopped',
        outcome: 'ok',
        actor,
        identity,
        payload: { what: 'person', started: startedId, entries: sums.entries.count, why },
      });
    } catch (failure) {
      this.log.warn('That an export was cut off cannot be written', { error: failure });
    }
  }

  private async tilesOf({ client, head, keys }: Run): Promise<TileLines> {
    const trusted = openCheckpoint(head.checkpoint, keys.origin, keys.verifiers);
    const sources = await this.proofs.tileSources(client);
    return new TileLines(trusted.size, new AuthenticTiles(treeHasher, trusted, sources), sources);
  }
}

/** Lines of one sort: how many, and their SHA-256. */
class Sum {
  count = 0;
  private readonly hash = createHash('sha256');

  add(line: string): string {
    this.count++;
    this.hash.update(line);
    return line;
  }

  hex(): string {
    return this.hash.copy().digest('hex');
  }
}

function recordLine({ sums, others }: Run, { record, data }: PersonRecord): string {
  const masked = JSON.stringify(others.mask(JSON.parse(JSON.stringify(data))));
  const line = printableJson(`{"record":${JSON.stringify(record)},"data":${masked}}`);
  return sums.records.add(`${line}\n`);
}

/** What an entry tells beside itself: for reading, where the entry is for proving. */
function* recordsOf(run: Run, entry: StoredEntry, stays: Stays): Generator<PersonRecord> {
  const { kind, room, identity, personal, reason } = entry;
  if (identity !== run.identity) return;
  const payload = JSON.parse(entry.payload) as Record<string, unknown>;
  const at = instantOf(entry.atMicros);
  if (kind === 'token.issued') {
    const { jti, template, version, ttl, expiresAt } = payload;
    yield { record: 'token', data: { jti, room, template, version, issuedAt: at, ttl, expiresAt } };
  }
  if (kind === 'participant.joined') stays.begin(room, payload, at);
  if (kind === 'participant.left') {
    const stay = stays.end(room, payload, at);
    if (stay) yield stay;
  }
  const said = personal === null ? null : (JSON.parse(personal) as unknown);
  if (!run.others.namesOthers([said, reason])) return;
  yield { record: 'said', data: { entry: ledgerId(entry), kind, at, reason, payload: said } };
}

/** From when to when they were in which room. */
class Stays {
  private readonly begun = new Map<string, { room: string | null; joinedAt: string }>();

  begin(room: string | null, { sid }: Record<string, unknown>, at: string): void {
    if (typeof sid === 'string') this.begun.set(sid, { room, joinedAt: at });
  }

  end(room: string | null, { sid }: Record<string, unknown>, at: string): PersonRecord | null {
    if (typeof sid !== 'string') return null;
    const begun = this.begun.get(sid);
    this.begun.delete(sid);
    return {
      record: 'stay',
      data: { room, joinedAt: begun?.joinedAt ?? null, leftAt: at },
    };
  }

  /** Those that no entry has ended. */
  open(): PersonRecord[] {
    return [...this.begun.values()].map((stay) => ({
      record: 'stay',
      data: { ...stay, leftAt: null },
    }));
  }
}

/** That somebody looked at what the log says of them; who did is not theirs to know. */
function lookOf(entry: StoredEntry): PersonRecord {
  const { view } = JSON.parse(entry.payload) as { view?: unknown };
  return {
    record: 'look',
    data: { at: instantOf(entry.atMicros), part: view, by: entry.actorKind },
  };
}

function countsLeftOut({ masked, unsealed, beforeTree }: Run): string[] {
  const counts: [number, string][] = [
    [masked, 'parts of entries that name somebody else, without which the entries are there'],
    [unsealed, 'entries that were not sealed yet when the file was made'],
    [beforeTree, 'entries from before the log had proofs'],
  ];
  return counts.flatMap(([count, what]) => (count > 0 ? [`${what}: ${count}`] : []));
}

async function countArchived(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM ledger_archive WHERE forgotten_at IS NOT NULL',
  );
  return rows[0]?.count ?? 0;
}

async function hasAny(all: AsyncIterable<unknown>): Promise<boolean> {
  for await (const _ of all) return true;
  return false;
}

function personNotFound(): AppError {
  return new AppError(
    'not_found',
    'person.not_found',
    'Rolecall keeps nothing of this identity that you may see.',
  );
}
