import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { fromBase64, fromText } from '../tree/bytes.js';
import type { ExportFiles } from './check-export.js';
import { EXPORT_FILE, type ExportHead } from './export-format.js';

const NEWLINE = 10;
const ENTRY = '{"leaf":';
const RECORD = '{"record":';

interface Line {
  readonly text: string;
  readonly file: string;
  /** In bytes. */
  readonly at: number;
  readonly length: number;
}

/** Lines of a file, ended by a line feed alone: other programs also end them at U+2028. */
export async function* linesOf(file: string): AsyncGenerator<Line> {
  let rest: Buffer[] = [];
  let at = 0;
  const take = (last: Buffer): Line => {
    const bytes = Buffer.concat([...rest, last]);
    rest = [];
    const line = { text: bytes.toString('utf8'), file, at, length: bytes.length };
    at += bytes.length + 1;
    return line;
  };
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield take(chunk.subarray(from, end));
      from = end + 1;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (rest.length > 0) yield take(Buffer.alloc(0));
}

/** What is in a file, or in several that were cut off and continued. */
interface Contents {
  readonly heads: ExportHead[];
  /** The manifest of the last part; null: it was cut off. */
  manifest: string | null;
  readonly tiles: Map<string, Omit<Line, 'text'>>;
  /** What the log has signed of entries that are in archives alone. */
  readonly forgotten: string[];
  /** The id of the last whole entry; null: there is none. */
  lastId: string | null;
  /** Lines that end within themselves, by file and place. */
  readonly cut: Set<string>;
  /** A line that is of no export; null: none is. */
  strange: string | null;
}

/** Reads exports over HTTP: one file, or the parts of one in their order. */
export async function readExportFile(files: readonly string[]): Promise<ExportFiles> {
  const contents = await indexOf(files);
  const head = contents.heads.at(-1);
  if (!head) throw new Error('this is not an export');
  if (contents.strange !== null) throw new Error(contents.strange);
  const isOfPerson = contents.heads.some(({ person }) => person !== undefined);
  if (isOfPerson && contents.heads.length > 1) {
    throw new Error('a file about a person has one part: give it alone');
  }
  if (contents.manifest === null) {
    const rest =
      contents.lastId === null || isOfPerson
        ? 'ask for it again'
        : `the rest follows with after=${contents.lastId}`;
    throw new Error(`the export was cut off, its last line is not the manifest: ${rest}`);
  }
  const texts: Record<string, string> = {
    manifest: contents.manifest,
    checkpoint: head.checkpoint,
    'keys.json': JSON.stringify(head.keys),
    'forgotten.json': JSON.stringify(contents.forgotten),
  };
  const [first] = contents.heads;
  let records = { count: 0, sum: createHash('sha256') };
  return {
    async read(path) {
      const text = texts[path];
      if (text !== undefined) return fromText(text);
      const place = contents.tiles.get(path);
      return place ? readTile(place) : null;
    },
    // An earlier part says itself what it begins with: what it does not have is found missing.
    firstLeaf: Math.min(...contents.heads.map(({ firstLeaf }) => Number(firstLeaf))),
    parts: contents.heads.length,
    isWhole: first !== undefined && contents.heads.every(({ isWhole }) => isWhole === true),
    lines() {
      const sum = createHash('sha256');
      const beside = (records = { count: 0, sum: createHash('sha256') });
      const takeRecord = (text: string) => {
        beside.count++;
        beside.sum.update(`${text}\n`);
      };
      return {
        lines: entryLines(files, contents, sum, takeRecord),
        sum: () => sum.digest('hex'),
      };
    },
    records: () => ({ count: records.count, sum: records.sum.copy().digest('hex') }),
  };
}

async function* entryLines(
  files: readonly string[],
  { heads, cut }: Contents,
  sum: { update(text: string): unknown },
  takeRecord: (text: string) => void,
): AsyncGenerator<string> {
  let part = 0;
  for (const file of files) {
    for await (const { text, at } of linesOf(file)) {
      if (isHead(text)) part++;
      if (cut.has(`${file} ${at}`)) continue;
      if (text.startsWith(RECORD)) takeRecord(text);
      if (!text.startsWith(ENTRY)) continue;
      // The manifest speaks of the last part alone.
      if (part === heads.length) sum.update(`${text}\n`);
      yield text;
    }
  }
}

async function indexOf(files: readonly string[]): Promise<Contents> {
  const contents: Contents = {
    heads: [],
    manifest: null,
    tiles: new Map(),
    forgotten: [],
    lastId: null,
    cut: new Set(),
    strange: null,
  };
  let doubtful: Line | null = null;
  let last: Line | null = null;
  const settle = (): void => {
    // Only the last line of a part may end within itself.
    if (last && last.text !== '' && !isJson(last.text)) {
      contents.cut.add(`${last.file} ${last.at}`);
      if (doubtful === last) doubtful = null;
    }
  };
  for (const file of files) {
    for await (const line of linesOf(file)) {
      const { text, at, length } = line;
      if (text === '') continue;
      if (isHead(text)) {
        settle();
        contents.heads.push(JSON.parse(text) as ExportHead);
        contents.manifest = null;
      }
      if (doubtful) {
        contents.strange ??= `line at byte ${doubtful.at} of ${doubtful.file} is of no export`;
      }
      doubtful = null;
      const tile = /^\{"tile":"([^"]+)","hashes":/.exec(text)?.[1];
      if (tile !== undefined) contents.tiles.set(tile, { file, at, length });
      else if (text.startsWith('{"manifest":') && isJson(text)) {
        contents.manifest = (JSON.parse(text) as { manifest: string }).manifest;
      } else if (text.startsWith('{"forgotten":') && isJson(text)) {
        contents.forgotten.push((JSON.parse(text) as { forgotten: string }).forgotten);
      } else if (!isHead(text) && !isKnownLine(text)) {
        doubtful = line;
      }
      // The manifest speaks of what is before it.
      if (text.startsWith(ENTRY) || text.startsWith(RECORD)) contents.manifest = null;
      if (last?.text.startsWith(ENTRY) && !contents.cut.has(`${last.file} ${last.at}`)) {
        contents.lastId = idOf(last.text) ?? contents.lastId;
      }
      last = line;
    }
  }
  settle();
  if (last?.text.startsWith(ENTRY) && !contents.cut.has(`${last.file} ${last.at}`)) {
    contents.lastId = idOf(last.text) ?? contents.lastId;
  }
  if (doubtful) contents.strange ??= `the last line of ${doubtful.file} is of no export`;
  return contents;
}

function isKnownLine(text: string): boolean {
  return [ENTRY, RECORD, '{"progress":'].some((start) => text.startsWith(start));
}

function isHead(text: string): boolean {
  return text.startsWith(`{"export":"${EXPORT_FILE}"`);
}

function idOf(text: string): string | null {
  return /^\{"leaf":\d+,"id":"([0-9a-z-]+)"/.exec(text)?.[1] ?? null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function readTile({ file, at, length }: Omit<Line, 'text'>): Promise<Uint8Array | null> {
  const handle = await open(file);
  try {
    const bytes = Buffer.alloc(length);
    await handle.read(bytes, 0, length, at);
    return fromBase64((JSON.parse(bytes.toString('utf8')) as { hashes: string }).hashes);
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
