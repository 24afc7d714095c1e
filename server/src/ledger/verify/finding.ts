import { toHex } from '../tree/bytes.js';

/** One thing that is wrong. The same words are used wherever the log is verified. */
export interface Finding {
  /** Where in the tree; null: it is about no leaf. */
  readonly leaf: number | null;
  /** The id of the entry; null: nothing that can be trusted says it. */
  readonly entry: string | null;
  readonly problem: string;
  readonly expected: string;
  readonly found: string;
}

export function findingText({ leaf, entry, problem, expected, found }: Finding): string {
  const which = entry ?? (leaf === null ? 'none' : `of leaf ${leaf}`);
  const place = leaf === null || entry === null ? '' : ` (leaf ${leaf})`;
  return `first wrong entry: ${which}${place}: ${problem}; expected ${expected}, found ${found}`;
}

export function hashText(hash: Uint8Array | null | undefined): string {
  return hash ? `hash ${toHex(hash)}` : 'nothing';
}

/** What differs between two texts of a leaf, as `member: value`; null: nothing that can be named. */
export function leafDifference(
  expected: string,
  found: string,
): { expected: string; found: string } | null {
  const [before, after] = [parse(expected), parse(found)];
  if (!before || !after) return null;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [JSON.stringify(before[key]), JSON.stringify(after[key])];
    if (was !== is) return { expected: `${key}: ${cut(was)}`, found: `${key}: ${cut(is)}` };
  }
  return null;
}

/** The id of the entry that a leaf is about. */
export function leafId(text: string): string | null {
  const { at, shard, seq } = parse(text) ?? {};
  const match = typeof at === 'string' ? /^(.*)\.(\d{6})Z$/.exec(at) : null;
  if (!match || typeof shard !== 'number' || typeof seq !== 'number') return null;
  const micros = BigInt(Date.parse(`${match[1]}Z`)) * 1000n + BigInt(match[2] as string);
  return `${micros.toString(36)}-${shard}-${seq}`;
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function cut(text: string | undefined): string {
  if (text === undefined) return 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
