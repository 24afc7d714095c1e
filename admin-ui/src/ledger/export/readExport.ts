import { API } from '../../api/httpClient';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportAsked {
  query: string;
  zone: string;
  format: ExportFormat;
}

/** What there is of an export, whole or not. Only whole lines are in it. */
export interface ExportSoFar {
  readonly parts: readonly Blob[];
  readonly entries: number;
  /** The last entry that is there; null: none. */
  readonly lastId: string | null;
  /** How many there will be; null: it does not say. */
  readonly total: number | null;
  readonly isWhole: boolean;
}

export const NOTHING: ExportSoFar = {
  parts: [],
  entries: 0,
  lastId: null,
  total: null,
  isWhole: false,
};

/** It was not begun: what the server says of it. */
export class ExportRefused extends Error {}

const NEWLINE = 10;
const ENTRY = { ndjson: /^\{"leaf":\d+,"id":"([0-9a-z-]+)"/, csv: /^\d+,"([0-9a-z-]+)"/ };
/** In both formats the manifest is what comes last. */
const END = { ndjson: '{"manifest":', csv: '#manifest' };
const TOTAL = /^\{"progress":\d+,"of":(\d+)\}/;

/**
 * Reads an export, or the rest of one, as it comes. Where it breaks off, what was read is the answer, and
 * can be gone on with.
 */
export async function readExport(
  { query, zone, format }: ExportAsked,
  before: ExportSoFar,
  onProgress: (sofar: ExportSoFar) => void,
  signal: AbortSignal,
): Promise<ExportSoFar> {
  const asked = new URLSearchParams({ query, zone, format });
  if (before.lastId !== null) asked.set('after', before.lastId);
  return readFile(`/ledger/export?${asked}`, format, before, onProgress, signal);
}

/** The same of any file that ends with its manifest. */
export async function readFile(
  route: string,
  format: ExportFormat,
  before: ExportSoFar,
  onProgress: (sofar: ExportSoFar) => void,
  signal: AbortSignal,
): Promise<ExportSoFar> {
  const response = await fetch(`${API}${route}`, {
    credentials: 'same-origin',
    cache: 'no-store',
    signal,
  });
  if (!response.ok || !response.body) {
    const problem = (await response.json().catch(() => ({}))) as { detail?: string };
    throw new ExportRefused(problem.detail ?? `HTTP ${response.status}`);
  }
  const lines = new Lines(format, before);
  const reader = response.body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      lines.take(chunk.value);
      onProgress(lines.sofar(false));
    }
  } catch {
    return lines.sofar(false);
  }
  return lines.end();
}

class Lines {
  private readonly parts: Blob[];
  private entries: number;
  private lastId: string | null;
  private total: number | null;
  private rest = new Uint8Array();
  private isEnding = false;

  constructor(
    private readonly format: ExportFormat,
    before: ExportSoFar,
  ) {
    this.parts = [...before.parts];
    this.entries = before.entries;
    this.lastId = before.lastId;
    this.total = before.total;
  }

  take(chunk: Uint8Array): void {
    const bytes = new Uint8Array(this.rest.length + chunk.length);
    bytes.set(this.rest);
    bytes.set(chunk, this.rest.length);
    let from = 0;
    const decoder = new TextDecoder();
    while (!this.isEnding) {
      const end = bytes.indexOf(NEWLINE, from);
      if (end < 0) break;
      // The beginning of a line says what it is.
      const text = decoder.decode(bytes.subarray(from, Math.min(end, from + 120)));
      if (text.startsWith(END[this.format])) {
        this.isEnding = true;
        break;
      }
      const total = TOTAL.exec(text)?.[1];
      if (total !== undefined) this.total = Number(total);
      const id = ENTRY[this.format].exec(text)?.[1];
      if (id !== undefined) {
        this.entries++;
        this.lastId = id;
      }
      from = end + 1;
    }
    if (from > 0) this.parts.push(new Blob([bytes.slice(0, from)]));
    this.rest = bytes.slice(from);
  }

  sofar(isWhole: boolean): ExportSoFar {
    const { parts, entries, lastId, total } = this;
    return { parts, entries, lastId, total, isWhole };
  }

  /** The stream ended by itself: it is whole only with its manifest. */
  end(): ExportSoFar {
    const text = new TextDecoder().decode(this.rest);
    const isWhole = text.startsWith(END[this.format]) && text.endsWith('\n');
    if (isWhole) this.parts.push(new Blob([this.rest]));
    return this.sofar(isWhole);
  }
}
