import type pg from 'pg';

/**
 * Reads with binary COPY, which costs Postgres and the driver the least: each row is handled as it
 * arrives, and nothing is kept. A row is valid until `onRow` returns.
 */
export function copyOut(
  client: pg.Client,
  select: string,
  onRow: (row: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const text = `COPY (${select}) TO STDOUT (FORMAT binary)`;
    client.query(new CopyOut(text, onRow, resolve, reject));
  });
}

/** "PGCOPY\n\xff\r\n\0", flags and the length of an extension, which is none. */
const HEADER_LENGTH = 19;
const END = 0xffff;

/** What `pg.Client` asks of a query: https://node-postgres.com/apis/client, "Submittable". */
class CopyOut {
  private failure: Error | null = null;
  private isBegun = false;

  constructor(
    private readonly text: string,
    private readonly onRow: (row: Buffer) => void,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(connection: pg.Connection): void {
    (connection as unknown as { query(text: string): void }).query(this.text);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.failure) return;
    const row = this.isBegun ? chunk : chunk.subarray(HEADER_LENGTH);
    this.isBegun = true;
    if (row.length < 2 || row.readUInt16BE(0) === END) return;
    try {
      this.onRow(row);
    } catch (error) {
      this.failure = error as Error;
    }
  }

  handleError(error: Error): void {
    this.failure ??= error;
    this.reject(this.failure);
  }

  handleReadyForQuery(): void {
    if (this.failure) this.reject(this.failure);
    else this.resolve();
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
  handleCommandComplete(): void {}
}
