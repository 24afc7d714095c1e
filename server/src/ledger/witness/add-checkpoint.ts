/** The body of `add-checkpoint`: https://c2sp.org/tlog-witness */
export interface AddCheckpoint {
  readonly oldSize: number;
  /** A consistency proof from the old size to that of the checkpoint. */
  readonly proof: readonly Uint8Array[];
  /** The checkpoint, a signed note. */
  readonly note: string;
}

const MAX_PROOF = 63;
const HASH_BYTES = 32;

/** Null: it does not follow the specification. */
export function parseAddCheckpoint(body: Uint8Array): AddCheckpoint | null {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch {
    return null;
  }
  const end = text.indexOf('\n\n');
  if (end < 0) return null;
  const [old = '', ...lines] = text.slice(0, end).split('\n');
  const oldSize = parseSize(/^old (\d+)$/.exec(old)?.[1]);
  if (oldSize === null || lines.length > MAX_PROOF) return null;
  const proof = lines.map(parseHash);
  if (!proof.every((hash) => hash !== null)) return null;
  return { oldSize, proof, note: text.slice(end + 2) };
}

export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  const lines = [`old ${oldSize}`, ...proof.map((hash) => Buffer.from(hash).toString('base64'))];
  return `${lines.join('\n')}\n\n${note}`;
}

/** A decimal without leading zeroes that JavaScript counts exactly. */
export function parseSize(text: string | undefined): number | null {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return null;
  const size = Number(text);
  return Number.isSafeInteger(size) ? size : null;
}

function parseHash(line: string): Uint8Array | null {
  const bytes = Buffer.from(line, 'base64');
  return bytes.length === HASH_BYTES && bytes.toString('base64') === line ? bytes : null;
}
