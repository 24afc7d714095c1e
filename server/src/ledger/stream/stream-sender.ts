import { toStoredEntry } from '../stored-entry.js';
import { ledgerId } from '../ledger-entry.js';
import { type Delivery, DeliveryFailed, type Sender } from './delivery.js';
import { ocsfEvent } from './ocsf-event.js';
import type { StreamStore } from './stream-store.js';

export interface StreamSenderOptions {
  readonly name: string;
  readonly from: 'start' | 'now';
  readonly hasPeople: boolean;
  readonly origin: () => Promise<string>;
  /** False: another server should send. */
  readonly mayGoOn: () => boolean;
  readonly onRefused: (entry: string, detail: string) => void;
}

/** An event and its leaf. */
interface Item {
  readonly leaf: number;
  readonly entry: string;
  readonly event: Record<string, unknown>;
  readonly bytes: number;
}

/** Entries that are read and sent together. */
const BATCH = 250;
const BATCH_BYTES = 1024 * 1024;
/** One that takes nothing at all is not sent the whole log to put it aside. */
const REFUSED_IN_A_ROW = 100;
const RETRY_REFUSED_MINUTES = 10;
const RETRIED_AT_ONCE = 20;
const RETRY_BUSY_MS = 60_000;

/**
 * Sends entries to one destination in the order of the tree, and keeps how far it got. An entry is
 * passed over only when the destination refuses it alone; it is put aside and tried again.
 */
export class StreamSender {
  private refusedInARow = 0;
  private retriedAt = performance.now();
  /** Since this server began to send; null: nothing. */
  private lastTaken: Item | null = null;

  constructor(
    private readonly store: StreamStore,
    private readonly sender: Sender,
    private readonly options: StreamSenderOptions,
  ) {}

  close(): Promise<void> {
    return this.sender.close();
  }

  /** Sends one batch. Resolves to whether there is more, and how long this took beside the sending. */
  async pass(): Promise<{ hasMore: boolean; workMs: number }> {
    const { name, from } = this.options;
    const began = performance.now();
    const position = await this.store.position(name, from);
    const sealed = await this.store.sealed();
    const end = Math.min(sealed, position + BATCH);
    // A busy log may never leave a stream without work.
    const isIdle = end <= position;
    if (isIdle || began - this.retriedAt > RETRY_BUSY_MS) {
      this.retriedAt = began;
      await this.retryRefused();
    }
    if (isIdle) return { hasMore: false, workMs: 0 };
    const readFrom = performance.now();
    const { items, next } = await this.read(position, end);
    const workMs = performance.now() - readFrom;
    const batch = within(items, BATCH_BYTES);
    // Leaves without an entry in the database are passed over: `ledger verify` names them.
    const upTo = batch.length < items.length ? (batch.at(-1)?.leaf ?? position) + 1 : next;
    await this.deliver(batch, position, upTo);
    return { hasMore: upTo < sealed, workMs };
  }

  /** A batch that is refused is halved until what is refused is one entry. Resolves to the position. */
  private async deliver(items: readonly Item[], from: number, to: number): Promise<void> {
    const { name, onRefused } = this.options;
    const [first] = items;
    const answer: Delivery = first
      ? await this.sender.send(items.map(({ event }) => event))
      : { kind: 'taken' };
    if (answer.kind === 'taken') {
      this.refusedInARow = 0;
      this.lastTaken = items.at(-1) ?? this.lastTaken;
      return this.move(from, to, null);
    }
    if (first && items.length === 1) {
      if (++this.refusedInARow > REFUSED_IN_A_ROW && !(await this.stillTakes())) {
        throw new DeliveryFailed(`it refuses every entry: ${answer.detail}`);
      }
      const { leaf, entry } = first;
      await this.move(from, to, { leaf, entry, detail: answer.detail });
      onRefused(entry, answer.detail);
      return;
    }
    if (!this.options.mayGoOn()) throw new DeliveryFailed(`${name} is another server's now`);
    const half = items.length >> 1;
    const middle = (items[half] as Item).leaf;
    await this.deliver(items.slice(0, half), from, middle);
    await this.deliver(items.slice(half), middle, to);
  }

  /** Whether it takes again what it took: else somebody could stop the stream with entries that it refuses. */
  private async stillTakes(): Promise<boolean> {
    if (!this.lastTaken) return false;
    const { kind } = await this.sender.send([this.lastTaken.event]);
    if (kind === 'taken') this.refusedInARow = 0;
    return kind === 'taken';
  }

  private async move(
    from: number,
    to: number,
    refused: Parameters<StreamStore['move']>[3],
  ): Promise<void> {
    if (await this.store.move(this.options.name, from, to, refused)) return;
    throw new DeliveryFailed('another server has sent meanwhile');
  }

  /** What was put aside may be taken by now. */
  private async retryRefused(): Promise<void> {
    const { name } = this.options;
    const leaves = await this.store.refusedBefore(name, RETRY_REFUSED_MINUTES, RETRIED_AT_ONCE);
    for (const leaf of leaves) {
      const { items } = await this.read(leaf, leaf + 1);
      const answer = await this.sender.send(items.map(({ event }) => event));
      await this.store.settleRefused(name, leaf, answer.kind === 'taken');
    }
  }

  private async read(first: number, end: number): Promise<{ items: Item[]; next: number }> {
    const { hasPeople } = this.options;
    const origin = await this.options.origin();
    const { rows, next } = await this.store.entries({ first, end });
    const items = rows.map(({ leaf, row }) => {
      const stored = toStoredEntry(row);
      const event = ocsfEvent(leaf, stored, origin, hasPeople);
      const bytes = row.payload.length * 2 + (row.personal?.length ?? 0) + 1_500;
      return { leaf, entry: ledgerId(stored), event, bytes };
    });
    return { items, next };
  }
}

/** As many as stay below so many bytes, and one at least. */
function within(items: readonly Item[], most: number): readonly Item[] {
  let sum = 0;
  const end = items.findIndex(({ bytes }, at) => (sum += bytes) > most && at > 0);
  return end < 0 ? items : items.slice(0, end);
}
