import type pg from 'pg';

type Row = readonly (string | null)[];

/**
 * Reads with COPY, which is several times as fast as rows: each row is handled as it arrives, and
 * nothing is kept.
 */
export function copyOut(
  client: pg.Client,
  select: string,
  onRow: (row: Row) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyOut(`COPY (${select}) TO STDOUT`, onRow, resolve, reject));
  });
}

/** What `pg.Client` asks of a query: https://node-postgres.com/apis/client, "Submittable". */
class CopyOut {
  private failure: Error | null = null;

  constructor(
    private readonly text: string,
    private readonly onRow: (row: Row) => void,
    private readonly resolve: () => void,
    private readonly reject: (error: Error) => void,
  ) {}

  submit(connection: pg.Connection): void {
    (connection as unknown as { query(text: string): void }).query(this.text);
  }

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.failure) return;
    try {
      this.onRow(parseRow(chunk));
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

const ESCAPES: Record<string, string | undefined> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** One line of COPY's text format. */
function parseRow(line: Buffer): (string | null)[] {
  const fields: (string | null)[] = line.toString('utf8', 0, line.length - 1).split('\t');
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as string;
    if (!field.includes('\\')) continue;
    fields[i] =
      field === '\\N'
        ? null
        : field.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);
  }
  return fields;
}
