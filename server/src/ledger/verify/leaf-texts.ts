import { hash } from 'node:crypto';
import { MAX_ENTRY_LENGTH } from '../tree/tiles.js';

const FIRST_BYTES = 4 * 1024 * 1024;
const MOST_BYTES = 64 * 1024 * 1024;

/** The data of leaves, each as an entry bundle has it: two bytes of length, then the data. */
export class LeafTexts {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private used = 0;
  private starts = new Float64Array(0);
  private first = 0;
  /** There were too many to keep, or one that no bundle can hold. */
  private isIncomplete = false;

  begin(first: number, count: number): void {
    this.first = first;
    this.used = 0;
    this.isIncomplete = false;
    if (this.starts.length < count) this.starts = new Float64Array(count);
    this.starts.fill(-1, 0, count);
  }

  /** Keeps a text, which is a byte string, and answers with the hash of its leaf, which is one too. */
  add(leaf: number, text: string): string {
    const { length } = text;
    this.reserve(length + 2);
    const { bytes, used: start } = this;
    const end = start + 2 + length;
    bytes.write(text, start + 2, 'latin1');
    bytes[start + 1] = 0; // what RFC 6962 puts before the data
    const hashed = hash('sha256', bytes.subarray(start + 1, end), 'binary');
    bytes[start] = length >> 8;
    bytes[start + 1] = length;
    if (length > MAX_ENTRY_LENGTH) this.isIncomplete = true;
    this.starts[leaf - this.first] = start;
    this.used = end;
    return hashed;
  }

  /** Whether the bundle has the texts of `count` leaves and nothing else. */
  areIn(bundle: Uint8Array, leaf: number, count: number): boolean {
    if (this.isIncomplete) return false;
    const { bytes, starts } = this;
    let at = 0;
    // Texts that arrived in order are compared at once.
    for (let i = leaf - this.first, last = i + count; i < last;) {
      const start = starts[i] as number;
      if (start < 0) return false;
      let end = start;
      while (i < last && starts[i] === end) {
        end += 2 + bytes.readUInt16BE(end);
        i++;
      }
      if (bytes.compare(bundle, at, Math.min(bundle.length, at + end - start), start, end) !== 0) {
        return false;
      }
      at += end - start;
    }
    return at === bundle.length;
  }

  private reserve(length: number): void {
    if (this.used + length <= this.bytes.length) return;
    if (this.used + length <= MOST_BYTES) {
      const larger = Buffer.allocUnsafe(Math.min(MOST_BYTES, 2 * (this.used + length)));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
      return;
    }
    this.isIncomplete = true;
    this.used = 0;
    if (length > this.bytes.length) this.bytes = Buffer.allocUnsafe(length);
  }
}
