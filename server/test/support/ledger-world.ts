import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEM_ACTOR } from '../../src/actor/actor.js';
import { LedgerService } from '../../src/ledger/ledger.service.js';
import { LedgerSealing } from '../../src/ledger/sealing/ledger-sealing.js';
import { Sealer } from '../../src/ledger/sealing/sealer.js';
import { type Checkpoint, parseCheckpoint } from '../../src/ledger/tree/checkpoint.js';
import { parseNote } from '../../src/ledger/tree/note.js';
import type { TestApp } from './test-app.js';
import { until } from './until.js';

/** What tests of the sealed ledger do and look at. */
export class LedgerWorld {
  constructor(readonly app: TestApp) {}

  get mirrorFolder(): string {
    return join(this.app.database.home, 'ledger');
  }

  /** `count` entries of different lengths, on the shard of this process. */
  async write(count: number): Promise<void> {
    const ledger = this.app.app.get(LedgerService);
    await Promise.all(
      Array.from({ length: count }, (_, i) =>
        ledger.appendDurably({
          kind: 'room.created',
          outcome: 'ok',
          actor: SYSTEM_ACTOR,
          room: `room ${i}`,
          identity: i % 2 === 0 ? `person ${i}` : null,
          payload: { text: 'ü'.repeat(i % 50) },
        }),
      ),
    );
  }

  async newest(): Promise<(Checkpoint & { note: string }) | null> {
    const { text, status } = await this.app.inject('GET', '/ledger/checkpoint');
    return status === 200 ? { note: text, ...checkpointIn(text) } : null;
  }

  async entries(): Promise<number> {
    const [row] = await this.app.sql<{ n: string }>('SELECT sum(seq) AS n FROM ledger_head');
    return Number(row?.n);
  }

  /** Resolves to the newest checkpoint when every entry is in its tree. */
  sealed() {
    return until('everything is sealed', async () => {
      const checkpoint = await this.newest();
      return checkpoint?.size === (await this.entries()) ? checkpoint : null;
    });
  }

  /** The checkpoint of the mirror; null: there is none. */
  mirrorCheckpoint(): string | null {
    const file = join(this.mirrorFolder, 'checkpoint');
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  /** Resolves when the mirror has so many entries. */
  mirrored(size: number): Promise<string> {
    return until('the mirror has it', () => {
      const note = this.mirrorCheckpoint();
      return note !== null && checkpointIn(note).size >= size ? note : null;
    });
  }

  /** Stops the loops, so that the test says when a pass runs. */
  async byHand(): Promise<Sealer> {
    await this.app.app.get(LedgerSealing).onModuleDestroy();
    return this.app.app.get(Sealer);
  }

  /** As the owner of the tables, with the triggers off. */
  tamper(...statements: string[]): Promise<void> {
    return this.app.database.asOwner(
      ...['entry', 'tile', 'range', 'checkpoint', 'key'].map(
        (name) => `ALTER TABLE ledger_${name} DISABLE TRIGGER USER`,
      ),
      ...statements,
    );
  }
}

export function checkpointIn(note: string): Checkpoint {
  return parseCheckpoint(parseNote(note).text);
}
